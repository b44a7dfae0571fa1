#pragma once

#include "support/child.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

using Lines = std::vector<std::string>;

/// The logfia executable at work. Its output is read as the test asks for it.
class LogfiaRun {
  public:
    explicit LogfiaRun(std::vector<std::string> arguments, const ChildOptions& options = {});

    [[nodiscard]] pid_t pid() const { return child_.pid(); }

    /// True once `done` holds for all lines up to now; false at the deadline, or when no more lines
    /// can come.
    bool wait_for(const std::function<bool(const Lines&)>& done,
                  std::chrono::milliseconds patience = kPatience);
    /// A line that contains `text`.
    bool wait_for_line(std::string_view text, std::chrono::milliseconds patience = kPatience);
    /// So many lines; `lost` records, which a busy machine may cause at any time, are none of them.
    bool wait_for_count(std::size_t count, std::chrono::milliseconds patience = kPatience);

    /// The whole lines of standard output that were read up to now.
    const Lines& lines();
    /// Standard error as far as it was read up to now.
    [[nodiscard]] const std::string& errors() const { return child_.errors(); }

    /// Waits for its end: the exit status, 128+N after signal N, -1 when it is still running at the
    /// deadline. Everything it wrote has been read then.
    int finish(std::chrono::milliseconds patience = kPatience);
    /// Sends SIGINT and waits for the end.
    int interrupt(std::chrono::milliseconds patience = kPatience);

    Child& child() { return child_; }

    /// The program that was built, or the one that the environment variable LOGFIA_EXECUTABLE
    /// names.
    static std::string program();

  private:
    Child child_;
    Lines lines_;
    std::size_t cut_ = 0;  ///< how much of the output is in lines_
};

/// A text record's words: time, event, name, details. Escaped spaces in names are not looked at.
std::vector<std::string> fields(std::string_view record);
/// A text record without its timestamp: `open /etc/hosts`.
std::string without_time(std::string_view record);

}  // namespace logfia::test
