#pragma once

#include <logfia/process/process.hpp>

#include <cstddef>
#include <string>

namespace logfia {

/// Shares out our own descriptors, below the limit of open files: processes need four each, and
/// those that do not fit are reopened at each look; the rest is for links.
class DescriptorBudget {
  public:
    /// Raises the soft limit to what `expected` processes and their links need, or as near to that
    /// as the hard one allows (setrlimit(2)).
    explicit DescriptorBudget(std::size_t expected);

    /// How the next process is to be held when so many are watched already.
    [[nodiscard]] Holding holding_of_next(std::size_t watched) const {
        return watched < processes_ ? Holding::descriptors : Holding::nothing;
    }
    /// How many processes can be held by descriptors.
    [[nodiscard]] std::size_t processes() const { return processes_; }
    /// How many links of descriptors can be kept open besides (KeptLinks).
    [[nodiscard]] std::size_t links() const { return links_; }
    /// Tells a user who watches `processes` processes, more than fit, what that means and what
    /// helps.
    [[nodiscard]] std::string advice(std::size_t processes) const;

  private:
    std::size_t limit_ = 0;
    std::size_t links_ = 0;
    std::size_t processes_ = 0;
};

}  // namespace logfia
