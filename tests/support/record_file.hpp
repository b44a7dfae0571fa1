#pragma once

#include "support/watching.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// JSON records that logfia writes to a file (`-o`), read while it writes.
class RecordFile {
  public:
    explicit RecordFile(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string& path() const { return path_; }
    /// The records that are whole by now.
    [[nodiscard]] JsonRecords all() const;
    [[nodiscard]] Lines lines() const;
    /// Waits for the first record that `fits`; throws std::runtime_error, with all that was
    /// written, when none comes.
    JsonRecord wait_for(const std::function<bool(const JsonRecord&)>& fits) const;
    JsonRecord wait_for(std::string_view event, int pid, int fd) const;

  private:
    std::string path_;
};

}  // namespace logfia::test
