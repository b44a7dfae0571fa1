#pragma once

#include <logfia/process/process.hpp>

#include <cstddef>
#include <string>

namespace logfia {

/// What our own descriptors are spent on, below the limit of open files: processes, three each, of
/// which those that do not fit are reopened at each look, and links.
class Holdings {
  public:
    /// Raises the soft limit to what `expected` processes and their links need, or as near to that
    /// as the hard one allows (setrlimit(2)).
    explicit Holdings(std::size_t expected);

    /// For one process more, when so many are watched.
    [[nodiscard]] Holding next(std::size_t watched) const {
        return watched < capacity_ ? Holding::descriptors : Holding::nothing;
    }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    /// How many links of descriptors can be kept open besides (KeptLinks).
    [[nodiscard]] std::size_t links() const { return links_; }
    /// What to tell somebody whose `processes` are more than that.
    [[nodiscard]] std::string advice(std::size_t processes) const;

  private:
    std::size_t limit_ = 0;
    std::size_t links_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace logfia
