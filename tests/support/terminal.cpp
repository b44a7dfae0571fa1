#include "support/terminal.hpp"

#include "support/watching.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace logfia::test {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Async-signal-safe calls only.
[[noreturn]] void become(const char* tty, char* const* argv) {
    setsid();
    const int fd = open(tty, O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0) _exit(125);
    for (int standard = 0; standard < 3; ++standard) dup2(fd, standard);
    if (fd > 2) close(fd);
    // The tests may run with some signals ignored (nohup, a job in the background).
    for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        std::signal(signal, SIG_DFL);
    execv(argv[0], argv);
    _exit(127);
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& argv) {
    master_.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!master_ || grantpt(master_.get()) != 0 || unlockpt(master_.get()) != 0) fail("pty");
    std::array<char, 64> tty{};
    if (ptsname_r(master_.get(), tty.data(), tty.size()) != 0) fail("ptsname_r");
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) become(tty.data(), words.data());
}

Terminal::~Terminal() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void Terminal::type(std::string_view keys) const {
    if (write(master_.get(), keys.data(), keys.size()) < 0) fail("write to the terminal");
}

bool Terminal::shows(std::string_view text) {
    return eventually([&] {
        read_more();
        const auto at = screen_.find(text, seen_);
        if (at == std::string::npos) return false;
        seen_ = at + text.size();
        return true;
    });
}

bool Terminal::read_more() {
    pollfd ready{master_.get(), POLLIN, 0};
    if (poll(&ready, 1, 10) <= 0) return false;
    std::array<char, 4096> bytes;
    const ssize_t got = read(master_.get(), bytes.data(), bytes.size());
    if (got <= 0) return false;
    screen_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<int> Terminal::wait() {
    int status = 0;
    const bool ended = eventually([&] {
        read_more();
        return waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!ended) return std::nullopt;
    pid_ = -1;
    // The last output may have come since.
    while (read_more()) continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace logfia::test
