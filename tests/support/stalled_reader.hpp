#pragma once

#include "support/child.hpp"

#include <string>

namespace logfia::test {

/// A pipe of one page that nobody reads, for logfia's standard output. Throws std::runtime_error
/// when there is none to be had.
class StalledReader {
  public:
    StalledReader();
    [[nodiscard]] ChildOptions options() const { return {.standard_output = write_.get()}; }
    [[nodiscard]] int capacity() const { return capacity_; }

    /// Something was written.
    [[nodiscard]] bool has_some() const;
    /// Reads to the end: call it when logfia has the only other end, or it never comes.
    std::string read_all();
    /// Reads nothing more, ever: who writes gets EPIPE.
    void leave();

  private:
    UniqueFd read_;
    UniqueFd write_;
    int capacity_ = 0;
};

}  // namespace logfia::test
