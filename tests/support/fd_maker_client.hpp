#pragma once

#include "support/child.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// The command failed in the helper: `code()` is its errno.
class FdMakerError : public std::runtime_error {
  public:
    FdMakerError(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
    [[nodiscard]] int code() const { return code_; }

  private:
    int code_;
};

/// A real process that opens what it is told to (tests/helper). When a call returns, it is done.
class FdMaker {
  public:
    explicit FdMaker(const ChildOptions& options = {}) : FdMaker(default_program(), options) {}
    FdMaker(const std::string& program, const ChildOptions& options)
        : FdMaker(std::vector<std::string>{program}, options) {}
    /// Starts it below another program: `argv` ends with the helper's own.
    explicit FdMaker(const std::vector<std::string>& argv, const ChildOptions& options = {});

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] std::string pid_text() const { return std::to_string(pid()); }

    /// The words after `ok`. Throws FdMakerError on `error`, std::runtime_error when no answer
    /// came.
    std::vector<std::string> ask(std::string_view command,
                                 std::chrono::milliseconds patience = kPatience);
    /// The numbers after `ok`.
    std::vector<int> numbers(std::string_view command);
    /// The first number after `ok`: the descriptor.
    int fd(std::string_view command) { return numbers(command).at(0); }
    /// 0, or the errno.
    int attempt(std::string_view command);
    /// Asks without waiting for the answer; ask for it with answer().
    void send(std::string_view command);
    std::vector<std::string> answer(std::chrono::milliseconds patience = kPatience);

    /// Ends it with this status, and waits until it is gone.
    int end(int status = 0);
    /// To be killed, stopped, continued.
    Child& child() { return child_; }

    /// The program that was built, or the one that the environment variable FD_MAKER_EXECUTABLE
    /// names.
    static std::string default_program();

  private:
    Child child_;
    std::string asked_;
};

/// A word of a command: spaces and what could not stand in a line are escaped.
std::string as_word(std::string_view bytes);

}  // namespace logfia::test
