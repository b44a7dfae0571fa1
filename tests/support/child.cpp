#include "support/child.hpp"

#include "support/faulty_kernel.hpp"
#include "support/faulty_tracer.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace logfia::test {
namespace {

constexpr uid_t kNobody = 65534;

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) < 0) fail("pipe2");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Everything that is needed after fork(), made before it: in between nothing may be allocated,
/// since another thread (a sanitizer's) may hold the allocator's lock.
struct Plan {
    std::vector<char*> argv;
    std::vector<char*> environment;
    const char* directory = nullptr;
    RunAs run_as = RunAs::self;
    std::array<int, 3> standard{};
    int supervisor = -1;
    int tracer = -1;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

std::vector<char*> environment_with(const std::vector<std::string>& additions) {
    std::vector<char*> list = pointers(additions);
    list.pop_back();
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('=') + 1);
        const bool replaced =
            std::any_of(additions.begin(), additions.end(),
                        [&](const std::string& added) { return added.starts_with(name); });
        if (!replaced) list.push_back(*entry);
    }
    list.push_back(nullptr);
    return list;
}

bool become_nobody() {
    return setgroups(0, nullptr) == 0 && setresgid(kNobody, kNobody, kNobody) == 0 &&
           setresuid(kNobody, kNobody, kNobody) == 0;
}

bool prepare(const Plan& plan) {
    for (int fd = 0; fd < 3; ++fd) {
        // dup2 onto itself would keep O_CLOEXEC; none of ours is below 3 unless a test closed one.
        if (dup2(plan.standard[static_cast<std::size_t>(fd)], fd) < 0) return false;
    }
    // Descriptors that we were given ourselves (by a shell, by CTest) are not the child's: its
    // numbers start at 3 in each run.
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return false;
    if (plan.directory != nullptr && chdir(plan.directory) < 0) return false;
    if (plan.run_as == RunAs::nobody && geteuid() == 0 && !become_nobody()) return false;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // The tests may run with some signals ignored (nohup, a job in the background).
    for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        std::signal(signal, SIG_DFL);
    // Set after the change of user, which would undo it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
    if (plan.tracer >= 0 && !wait_for_tracer(plan.tracer)) return false;
    return plan.supervisor < 0 || hand_over_system_calls(plan.supervisor);
}

[[noreturn]] void become(const Plan& plan, int report) {
    const int program = open(plan.argv[0], O_PATH | O_CLOEXEC);
    if (prepare(plan)) {
        execve(plan.argv[0], plan.argv.data(), plan.environment.data());
        // In a build tree that only root can enter, run the program through the descriptor that
        // root opened. (Not always, since that makes the command name a number.)
        if (errno == EACCES && program >= 0)
            execveat(program, "", plan.argv.data(), plan.environment.data(), AT_EMPTY_PATH);
    }
    const int code = errno;
    [[maybe_unused]] const ssize_t told = write(report, &code, sizeof code);
    _exit(127);
}

void throw_if_reported(int report, const std::string& program) {
    int code = 0;
    if (read(report, &code, sizeof code) != ssize_t{sizeof code}) return;
    errno = code;
    fail("start " + program);
}

/// Empties a pipe into `text` without waiting; closes it at its end. False: nothing was there.
bool drain_one(UniqueFd& pipe, std::string& text) {
    bool any = false;
    std::array<char, 65536> chunk;
    while (pipe) {
        const ssize_t got = read(pipe.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        if (got == 0) pipe.reset();
        text.append(chunk.data(), static_cast<std::size_t>(got));
        any = any || got > 0;
    }
    return any;
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const ChildOptions& options) {
    std::signal(SIGPIPE, SIG_IGN);  // a child that ended early is an error of write(), not our end
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    Pipe report = make_pipe();
    Plan plan;
    plan.argv = pointers(argv);
    plan.environment = environment_with(options.environment);
    plan.directory = options.directory.empty() ? nullptr : options.directory.c_str();
    plan.run_as = options.run_as;
    const int output = options.standard_output >= 0 ? options.standard_output : out.write.get();
    plan.standard = {in.read.get(), output, err.write.get()};
    plan.supervisor = options.supervisor;
    plan.tracer = options.tracer;
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) become(plan, report.write.get());
    report.write.reset();
    pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    in_ = std::move(in.write);
    if (options.standard_output < 0) out_ = std::move(out.read);
    err_ = std::move(err.read);
    for (const UniqueFd* end : {&out_, &err_})
        if (*end) fcntl(end->get(), F_SETFL, O_NONBLOCK);
    try {
        throw_if_reported(report.read.get(), argv[0]);
    } catch (...) {
        reap();
        throw;
    }
}

Child::~Child() {
    if (!status_) kill(pid_, SIGKILL);
    reap();
}

void Child::signal(int number) const {
    if (!status_) kill(pid_, number);
}

void Child::write(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(in_.get(), bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) fail("write to child");
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

bool Child::drain() {
    const bool out = drain_one(out_, output_);
    const bool err = drain_one(err_, errors_);
    return out || err;
}

bool Child::read_until(Deadline deadline) {
    if (drain()) return true;
    if (!out_ && !err_) return false;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 3> ready{{{pidfd_.get(), POLLIN, 0},
                                 {out_ ? out_.get() : -1, POLLIN, 0},
                                 {err_ ? err_.get() : -1, POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), static_cast<int>(left.count())) <= 0) return false;
    // Output from before its end is there by now; a child of its own may hold the pipes open.
    return drain() || ready[0].revents == 0;
}

bool Child::read_more(std::chrono::milliseconds patience) {
    return read_until(std::chrono::steady_clock::now() + patience);
}

std::optional<std::string> Child::read_line(std::chrono::milliseconds patience) {
    const Deadline deadline = std::chrono::steady_clock::now() + patience;
    std::size_t searched = next_line_;
    while (true) {
        const auto end = output_.find('\n', searched);
        if (end != std::string::npos) {
            std::string line = output_.substr(next_line_, end - next_line_);
            next_line_ = end + 1;
            return line;
        }
        searched = output_.size();
        if (!read_until(deadline)) return std::nullopt;
    }
}

std::optional<int> Child::wait(std::chrono::milliseconds patience) {
    const Deadline deadline = std::chrono::steady_clock::now() + patience;
    while (!status_) {
        while (read_until(deadline)) {
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ended{pidfd_.get(), POLLIN, 0};
        const int wait_ms = static_cast<int>(std::max(left.count(), decltype(left.count()){0}));
        if (poll(&ended, 1, wait_ms) > 0) {
            drain();
            reap();
        } else if (left.count() <= 0) {
            return std::nullopt;
        }
    }
    return status_;
}

void Child::reap() {
    if (status_ || pid_ < 0) return;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string environment_or(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

std::vector<std::string> complete_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace logfia::test
