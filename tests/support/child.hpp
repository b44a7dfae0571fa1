#pragma once

#include <logfia/base/unique_fd.hpp>

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// Long enough for a slow, sanitized, busy machine; nothing waits this long when all is well.
constexpr std::chrono::milliseconds kPatience{20'000};

enum class RunAs {
    self,
    nobody,  ///< user and group 65534; only when we are root, else as ourselves
};

struct ChildOptions {
    std::vector<std::string> environment{};  ///< NAME=VALUE, added to ours
    RunAs run_as = RunAs::self;
    std::string directory{};   ///< empty: ours
    int standard_output = -1;  ///< a descriptor of ours for its stdout; -1: a pipe that we read
    int supervisor = -1;  ///< FaultyKernel::socket(); -1: nobody comes between it and the kernel
    int tracer = -1;      ///< FaultyTracer::socket(); -1: it is not traced
};

/// A program with pipes on stdin, stdout and stderr. The destructor kills it, by its pid, and reaps
/// it; it also dies when we do. Whatever it writes is kept. Setting up throws std::system_error.
class Child {
  public:
    explicit Child(const std::vector<std::string>& argv, const ChildOptions& options = {});
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;

    void write(std::string_view bytes) const;
    void close_stdin() { in_.reset(); }
    /// Behaves as a reader of the pipe that goes away.
    void close_stdout() { out_.reset(); }

    /// The next line of stdout, without its newline. None: the deadline passed, or it has ended.
    std::optional<std::string> read_line(std::chrono::milliseconds patience = kPatience);
    /// Reads what comes; false when nothing came in time or nothing can come any more.
    bool read_more(std::chrono::milliseconds patience = kPatience);

    /// Everything that was read up to now. Call read_more() or wait() to read on.
    [[nodiscard]] const std::string& output() const { return output_; }
    [[nodiscard]] const std::string& errors() const { return errors_; }

    /// Reads until it has ended. Gives its exit status, or 128+N when signal N killed it; none when
    /// it is still there at the deadline.
    std::optional<int> wait(std::chrono::milliseconds patience = kPatience);

  private:
    using Deadline = std::chrono::steady_clock::time_point;

    bool read_until(Deadline deadline);
    bool drain();
    void reap();

    pid_t pid_ = -1;
    UniqueFd pidfd_;
    UniqueFd in_;
    UniqueFd out_;
    UniqueFd err_;
    std::string output_;
    std::string errors_;
    std::size_t next_line_ = 0;  ///< in output_
    std::optional<int> status_;
};

/// The value of an environment variable, or this when it is not set.
std::string environment_or(const char* name, const char* otherwise);

/// `text` without its last newline, cut at each newline. A last line that has none yet is left out.
std::vector<std::string> complete_lines(std::string_view text);

}  // namespace logfia::test
