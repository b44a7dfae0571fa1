#include <logfia/process/command.hpp>
#include <logfia/process/descendants.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace logfia {
namespace {

constexpr int kStopChecks = 3;
constexpr Duration kStopSettles = std::chrono::milliseconds(30);
/// A shell or a make may end a moment before the last of its children.
constexpr Duration kTellLeftAfter = std::chrono::milliseconds(150);

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

std::optional<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string link_of(int fd) {
    std::array<char, PATH_MAX> link;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = readlink(path.c_str(), link.data(), link.size());
    return length < 0 ? std::string() : std::string(link.data(), static_cast<std::size_t>(length));
}

/// Descriptors without close-on-exec, which a child would keep over an exec.
std::vector<GivenFd> inherited_descriptors(const std::vector<int>& closed) {
    std::vector<GivenFd> given;
    DIR* dir = opendir("/proc/self/fd");
    if (dir == nullptr) return given;
    while (const dirent* entry = readdir(dir)) {
        char* end = nullptr;
        const long fd = std::strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || *end != '\0') continue;
        const int number = static_cast<int>(fd);
        if ((fcntl(number, F_GETFD) & FD_CLOEXEC) != 0) continue;
        if (std::find(closed.begin(), closed.end(), number) != closed.end()) continue;
        given.push_back({number, link_of(number)});
    }
    closedir(dir);
    return given;
}

/// The result of a call, which is repeated as long as a signal interrupts it (EINTR).
template <class Call>
ssize_t without_interruption(Call call) {
    ssize_t got = 0;
    do {
        got = call();
    } while (got < 0 && errno == EINTR);
    return got;
}

/// A shell above us can only resume us if there is a terminal.
bool has_terminal() {
    const UniqueFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    return terminal && tcgetpgrp(terminal.get()) >= 0;
}

/// True when a directory of PATH contains the command.
bool is_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/bin:/usr/bin" : path;
    for (;;) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        std::string file(rest.substr(0, colon));
        if (!file.empty()) file += '/';
        if (access((file + name).c_str(), F_OK) == 0) return true;
        if (colon == rest.size()) return false;
        rest.remove_prefix(colon + 1);
    }
}

int shell_status(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<std::unique_ptr<Command>> Command::start(const CommandPlan& plan) {
    std::unique_ptr<Command> command(new Command);
    command->name_ = plan.argv.front();
    command->proc_ = plan.proc;
    command->orphans_ = plan.orphans;
    command->given_ = inherited_descriptors(plan.closed);
    auto go = make_pipe();
    auto outcome = make_pipe();
    if (!go || !outcome) return Error{"start", plan.argv.front(), errno, {}};
    if (plan.orphans == Orphans::adopted) prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    // The arrays are made here: the child may not allocate.
    std::vector<char*> argv;
    for (const std::string& word : plan.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);

    command->pid_ = fork();
    if (command->pid_ < 0) return Error{"start", plan.argv.front(), errno, {}};
    if (command->pid_ == 0) {
        // A descriptor that stays open on our side would keep the child from seeing that we are
        // gone.
        close(go->write_end.get());
        close(outcome->read_end.get());
        run_child(plan, argv.data(), go->read_end.get(), outcome->write_end.get());
    }
    command->go_ = std::move(go->write_end);
    command->outcome_ = std::move(outcome->read_end);
    return command;
}

/// Only async-signal-safe calls from here to the exec (signal-safety(7)).
void Command::run_child(const CommandPlan& plan, char* const* argv, int go, int outcome) {
    char byte = 0;
    if (without_interruption([&] { return read(go, &byte, 1); }) != 1) _exit(0);
    close(go);
    for (const int fd : plan.closed) close(fd);
    // The kernel closes the close-on-exec descriptors a moment before it sets the new name
    // (begin_new_exec(), fs/exec.c): a look in between should not see our name.
    const char* slash = std::strrchr(argv[0], '/');
    prctl(PR_SET_NAME, slash == nullptr ? argv[0] : slash + 1, 0UL, 0UL, 0UL);
    restore(plan.signals);
    Start failure{Start::State::not_prepared, plan.step == nullptr ? 0 : plan.step->prepare()};
    if (failure.error == 0) {
        execvp(argv[0], argv);
        failure = {Start::State::failed, errno};
    }
    without_interruption([&] { return write(outcome, &failure, sizeof failure); });
    // With a filter that nobody serves, not even exit_group(2) could be called.
    if (failure.state == Start::State::not_prepared) kill(getpid(), SIGKILL);
    _exit(failure.error == ENOENT ? 127 : 126);
}

Command::~Command() {
    if (runs_ || pid_ <= 0) return;
    go_.reset();
    without_interruption([this] { return waitpid(pid_, nullptr, 0); });
}

Command::Start Command::go(const StopSignals& signals) {
    const char byte = 0;
    if (without_interruption([&] { return write(go_.get(), &byte, 1); }) != 1)
        return {Start::State::failed, errno};
    runs_ = true;
    go_.reset();
    pollfd outcome{outcome_.get(), POLLIN, 0};
    while (ppoll(&outcome, 1, nullptr, signals.while_waiting()) < 0 && errno == EINTR)
        pass_on_signals();
    Start failure;
    const ssize_t got =
        without_interruption([&] { return read(outcome_.get(), &failure, sizeof failure); });
    outcome_.reset();
    if (got != ssize_t{sizeof failure}) return {};
    without_interruption([this] { return waitpid(pid_, nullptr, 0); });
    if (failure.state == Start::State::not_prepared) {
        runs_ = false;
        pid_ = 0;
        return failure;
    }
    // execvp(3) returns this error even when it merely may not look into a directory of PATH.
    const bool plain = name_.find('/') == std::string::npos;
    if (failure.error == EACCES && plain && !is_in_path(name_)) failure.error = ENOENT;
    status_ = failure.error == ENOENT ? 127 : 126;
    return failure;
}

void Command::attend(SteadyTime now, StopSignals& signals, NoticeSink& notices) {
    // Before the command is known to have ended: signals sent to both of us are the command's, and
    // do not end us.
    pass_on_signals();
    reap(now, signals);
    follow_stops(now);
    tell_whom_it_left(now, signals, notices);
}

void Command::reap(SteadyTime now, StopSignals& signals) {
    const pid_t whom = orphans_ == Orphans::adopted ? -1 : pid_;
    if (!all_gone_) all_gone_ = orphans_ == Orphans::left && status_;
    while (!all_gone_) {
        int status = 0;
        const pid_t got = waitpid(whom, &status, WNOHANG);
        if (got == 0) return;
        if (got < 0 && errno != EINTR) all_gone_ = true;
        if (got != pid_) continue;
        wait_status_ = status;
        status_ = shell_status(status);
        by_itself_ = WIFEXITED(status) && StopSignals::count() == 0;
        ended_at_ = now;
        signals.command_has_ended();
    }
}

std::optional<Duration> Command::next_word(SteadyTime now) const {
    if (told_left_ || !ended() || all_gone()) return std::nullopt;
    return ended_at_ + kTellLeftAfter - now;
}

/// Without this notice a user would not know what logfia waits for.
void Command::tell_whom_it_left(SteadyTime now, const StopSignals& signals, NoticeSink& notices) {
    const auto due = next_word(now);
    if (!due || *due > Duration::zero()) return;
    told_left_ = true;
    if (signals.stop_wanted()) return;  // the wait is over anyway
    std::string left;
    if (const auto root = ProcRoot::open(proc_)) left = short_list(descendants_of(*root, getpid()));
    if (left.empty()) left = "processes that it started";
    notices.notice("the command has ended; still waiting for " + left);
}

void Command::send(int signal) const {
    // As long as the command is not reaped, its PID cannot belong to another process.
    if (!status_) kill(pid_, signal);
}

void Command::pass_on_signals() const {
    if (ended()) return;
    for (const int signal : StopSignals::fetch_new()) send(signal);
}

/// When the command was stopped and we were not, stop too, so that the shell notices; when we are
/// continued, continue the command.
void Command::follow_stops(SteadyTime now) {
    if (status_) return;
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT);
    if (info.si_pid == 0) {
        stops_seen_ = 0;
        return;
    }
    if (stops_seen_++ == 0) stopped_since_ = now;
    // When the terminal has stopped both of us and the shell continues both, we may run a moment
    // before the command does: the command has not stopped again.
    if (stops_seen_ < kStopChecks || now - stopped_since_ < kStopSettles) return;
    stops_seen_ = 0;
    if (!has_terminal()) return;
    kill(getpid(), SIGSTOP);
    send(SIGCONT);
}

void Command::wait(Until until, StopSignals& signals, NoticeSink& notices) {
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    for (;;) {
        attend(read_clocks().steady, signals, notices);
        if (until == Until::it_ends ? ended() : all_gone()) return;
        if (signals.stop_wanted()) return;
        pollfd end{ended() ? -1 : pidfd.get(), POLLIN, 0};
        const timespec limit{0, kAttendEach.count()};
        // If ppoll(2) fails, sleep anyway, so as not to spin.
        if (ppoll(&end, 1, &limit, signals.while_waiting()) < 0 && errno != EINTR)
            nanosleep(&limit, nullptr);
    }
}

}  // namespace logfia
