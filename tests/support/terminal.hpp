#pragma once

#include <logfia/base/unique_fd.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// A program on a terminal of its own (pty(7)), whose keys the test presses. It is the leader of
/// the terminal's session. The destructor kills it, by its pid. Setting up throws
/// std::system_error.
class Terminal {
  public:
    explicit Terminal(const std::vector<std::string>& argv);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void type(std::string_view keys) const;
    /// Waits until `text` is on the screen, behind what the last call found; false at the deadline.
    bool shows(std::string_view text);
    [[nodiscard]] const std::string& screen() const { return screen_; }

    /// The exit status, or 128+N; none when it is still there at the deadline.
    std::optional<int> wait();

  private:
    bool read_more();

    pid_t pid_ = -1;
    UniqueFd master_;
    std::string screen_;
    std::size_t seen_ = 0;
};

constexpr std::string_view kCtrlC = "\x03";
constexpr std::string_view kCtrlD = "\x04";
constexpr std::string_view kCtrlZ = "\x1a";

}  // namespace logfia::test
