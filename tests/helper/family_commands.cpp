#include "command.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace fd_maker {
namespace {

/// The message by which a descendant reports itself.
struct Report {
    int error = 0;
    pid_t pid = 0;
    int fd = -1;
};

struct Pipe {
    int read_end = -1;
    int write_end = -1;
};

Pipe make_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) < 0) return {};
    return {ends[0], ends[1]};
}

/// Opens the file, for writing too and at the number `at` if that is not negative, reports it, and
/// stays until we end: then no other process holds the other end of `stay`.
[[noreturn]] void be_descendant(const std::string& path, int report_to, Pipe stay, int at = -1) {
    close(stay.write_end);
    Report report{0, getpid(), open(path.c_str(), at < 0 ? O_RDONLY : O_RDWR)};
    if (at >= 0 && report.fd >= 0) {
        dup2(report.fd, at);
        close(std::exchange(report.fd, at));
    }
    if (report.fd < 0) report.error = errno;
    if (write(report_to, &report, sizeof report) != ssize_t{sizeof report}) _exit(1);
    close(report_to);
    char byte = 0;
    while (read(stay.read_end, &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
}

/// Made with the first descendant, so that nobody has it who does not need it.
Pipe& stay_pipe() {
    static Pipe stay = make_pipe();
    return stay;
}

Reply hear_from(Pipe reports) {
    close(reports.write_end);
    Report report;
    const ssize_t got = read(reports.read_end, &report, sizeof report);
    close(reports.read_end);
    if (got != ssize_t{sizeof report}) return failed(EPIPE);
    return report.error != 0 ? failed(report.error) : ok({report.pid, report.fd});
}

Reply open_in_child(const Words& words) {
    const Pipe reports = make_pipe();
    const Pipe stay = stay_pipe();
    const pid_t pid = fork();
    if (pid < 0) return failed();
    if (pid == 0) be_descendant(words[1], reports.write_end, stay);
    return hear_from(reports);
}

/// Opens a file of the child's own at the number of an inherited one.
Reply reopen_in_child(const Words& words) {
    const Pipe reports = make_pipe();
    const Pipe stay = stay_pipe();
    const int at = static_cast<int>(number(words[1]));
    const pid_t pid = fork();
    if (pid < 0) return failed();
    if (pid == 0) be_descendant(words[2], reports.write_end, stay, at);
    return hear_from(reports);
}

/// The new process is not our child but our parent's (clone(2), CLONE_PARENT).
Reply open_in_sibling(const Words& words) {
    const Pipe reports = make_pipe();
    const Pipe stay = stay_pipe();
    const auto pid = static_cast<pid_t>(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
    if (pid < 0) return failed();
    if (pid == 0) be_descendant(words[1], reports.write_end, stay);
    return hear_from(reports);
}

/// A grandchild whose parent has ended and been reaped when it opens its file.
Reply open_in_orphan(const Words& words) {
    const Pipe reports = make_pipe();
    const Pipe stay = stay_pipe();
    const Pipe parent_lives = make_pipe();
    const pid_t pid = fork();
    if (pid < 0) return failed();
    if (pid == 0) {
        if (fork() != 0) _exit(0);
        close(parent_lives.write_end);
        char byte = 0;
        while (read(parent_lives.read_end, &byte, 1) < 0 && errno == EINTR) {
        }
        close(parent_lives.read_end);
        be_descendant(words[1], reports.write_end, stay);
    }
    close(parent_lives.read_end);
    waitpid(pid, nullptr, 0);
    close(parent_lives.write_end);
    return hear_from(reports);
}

/// COUNT children one after the other, each of which opens the file and ends.
Reply run_children(const Words& words) {
    for (long i = 0; i < number(words[1]); ++i) {
        const pid_t pid = fork();
        if (pid < 0) return failed();
        if (pid == 0) _exit(open(words[2].c_str(), O_RDONLY) < 0 ? 1 : 0);
        if (waitpid(pid, nullptr, 0) < 0) return failed();
    }
    return ok();
}

constexpr std::array kCommands{
    Command{"fork-open", "PATH (PID FD)", 1, 1, open_in_child},
    Command{"fork-reopen", "FD PATH (PID FD)", 2, 2, reopen_in_child},
    Command{"sibling-open", "PATH (PID FD)", 1, 1, open_in_sibling},
    Command{"orphan-open", "PATH (PID FD)", 1, 1, open_in_orphan},
    Command{"run-children", "COUNT PATH", 2, 2, run_children},
};

}  // namespace

std::span<const Command> family_commands() {
    return kCommands;
}

}  // namespace fd_maker
