#pragma once

#include <logfia/proc/process.hpp>

#include <cstddef>
#include <string>

namespace logfia {

/// How many processes can be held by descriptors, three each, below the limit of open files. The
/// others are reopened at each look.
class Holdings {
  public:
    /// Raises the soft limit to what `expected` processes need, or as near to that as the hard one
    /// allows (setrlimit(2)).
    explicit Holdings(std::size_t expected);

    /// For one process more, when so many are watched.
    [[nodiscard]] Holding next(std::size_t watched) const {
        return watched < capacity_ ? Holding::descriptors : Holding::nothing;
    }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    /// What to tell somebody whose `processes` are more than that.
    [[nodiscard]] std::string advice(std::size_t processes) const;

  private:
    std::size_t limit_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace logfia
