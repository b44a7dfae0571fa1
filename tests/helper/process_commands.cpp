#include "command.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <future>
#include <stdexcept>
#include <thread>

namespace fd_maker {
namespace {

[[noreturn]] void sleep_for_ever() {
    while (true) pause();
}

/// Runs `start` in a thread that then sleeps; returns the reply of `start`.
template <class Start>
Reply in_sleeping_thread(Start start) {
    std::promise<Reply> reply;
    auto future = reply.get_future();
    std::thread([&reply, start] {
        reply.set_value(start());
        sleep_for_ever();
    }).detach();
    return future.get();
}

Reply make_thread(const Words& words) {
    Reply reply;
    for (long i = 0; i < number(word_or(words, 1, "1")); ++i)
        reply = in_sleeping_thread([] { return ok({gettid()}); });
    return reply;
}

Reply make_thread_with_own_table(const Words& words) {
    return in_sleeping_thread([&words] {
        if (unshare(CLONE_FILES) < 0) return failed();
        const int fd = open(words[1].c_str(), O_RDONLY);
        return fd < 0 ? failed() : ok({gettid(), fd});
    });
}

/// Ends one thread, by a signal of its own; answers when it is gone.
Reply end_thread(const Words& words) {
    const auto thread = static_cast<pid_t>(number(words[1]));
    struct sigaction action {};
    action.sa_handler = [](int) { syscall(SYS_exit, 0); };
    sigaction(SIGUSR1, &action, nullptr);
    if (tgkill(getpid(), thread, SIGUSR1) < 0) return failed();
    while (tgkill(getpid(), thread, 0) == 0) sched_yield();
    return ok();
}

/// Starts a thread that names itself, not the process.
Reply name_thread(const Words& words) {
    return in_sleeping_thread(
        [&words] { return prctl(PR_SET_NAME, words[1].c_str()) < 0 ? failed() : ok({gettid()}); });
}

bool is_zombie(pid_t pid) {
    const std::string path =
        "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/stat";
    std::array<char, 512> text{};
    const int fd = open(path.c_str(), O_RDONLY);
    const ssize_t size = fd < 0 ? -1 : read(fd, text.data(), text.size() - 1);
    if (fd >= 0) close(fd);
    const char* end = size < 0 ? nullptr : std::strrchr(text.data(), ')');
    return end != nullptr && std::strncmp(end, ") Z", 3) == 0;
}

/// A child with a table of its own does the looking: our table must show only what was ordered.
void wait_until_zombie(pid_t leader) {
    const pid_t child = fork();
    if (child == 0) {
        while (!is_zombie(leader)) sched_yield();
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

/// The first thread ends; another goes on answering.
Reply exit_leader(const Words&) {
    const pid_t leader = getpid();
    if (gettid() != leader) return failed(EALREADY);
    std::thread([leader] {
        wait_until_zombie(leader);
        answer(ok({gettid()}));
        serve();
    }).detach();
    // Ends only the thread, without unwinding: the other threads still use data on this stack.
    syscall(SYS_exit, 0);
    sleep_for_ever();
}

[[noreturn]] void sleep_until_parent_ends(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);  // ended already
    sleep_for_ever();
}

Reply make_child(const Words&) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) sleep_until_parent_ends(parent);
    return pid < 0 ? failed() : ok({pid});
}

/// Answers when the child runs the program: then its end of the pipe is closed.
Reply execute_in_child(const Words& words) {
    std::vector<char*> argv;
    for (std::size_t i = 1; i < words.size(); ++i)
        argv.push_back(const_cast<char*>(words[i].c_str()));
    argv.push_back(nullptr);
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) < 0) return failed();
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) execv(argv[0], argv.data());
        _exit(127);
    }
    close(ends[1]);
    char byte = 0;
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
    }
    close(ends[0]);
    return pid < 0 ? failed() : ok({pid});
}

Reply kill_child(const Words& words) {
    const auto pid = static_cast<pid_t>(number(words[1]));
    if (pid <= 1) return failed(EINVAL);
    if (kill(pid, SIGKILL) < 0 || waitpid(pid, nullptr, 0) < 0) return failed();
    return ok();
}

/// An order to the child that shares our table, through a pipe: in one piece, whole.
struct Order {
    int delay_ms = 0;
    int close_fd = -1;  ///< -1: open `path`
    std::array<char, PIPE_BUF - 2 * sizeof(int)> path{};
};
static_assert(sizeof(Order) == PIPE_BUF);

[[noreturn]] void obey(int orders) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    static Order order;
    while (read(orders, &order, sizeof order) == ssize_t{sizeof order}) {
        std::this_thread::sleep_for(std::chrono::milliseconds(order.delay_ms));
        if (order.close_fd >= 0)
            close(order.close_fd);
        else if (open(order.path.data(), O_RDONLY) < 0)
            _exit(1);
    }
    _exit(0);
}

int order_pipe = -1;

Reply make_sharing_child(const Words&) {
    std::array<int, 2> ends{};
    if (order_pipe >= 0) return failed(EALREADY);
    if (pipe(ends.data()) < 0) return failed();
    const auto pid = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) obey(ends[0]);
    if (pid < 0) return failed();
    order_pipe = ends[1];
    return ok({pid, ends[0], ends[1]});
}

Reply send_order(const Order& order) {
    return write(order_pipe, &order, sizeof order) == ssize_t{sizeof order} ? ok() : failed();
}

/// Answered at once; the delay lets the parent fall asleep before its table changes.
Reply shared_open(const Words& words) {
    Order order;
    if (words[1].size() >= order.path.size()) return failed(ENAMETOOLONG);
    std::memcpy(order.path.data(), words[1].data(), words[1].size());
    order.delay_ms = static_cast<int>(number(word_or(words, 2, "0")));
    return send_order(order);
}

Reply shared_close(const Words& words) {
    Order order;
    order.close_fd = descriptor(words[1]);
    order.delay_ms = static_cast<int>(number(word_or(words, 2, "0")));
    return send_order(order);
}

/// We are in state D (uninterruptible sleep) until the child ends or calls exec (vfork(2)); the
/// child has our memory and our table, and answers in our place.
Reply sleep_uninterruptibly(const Words&) {
    static std::array<char, std::size_t{256} * 1024> stack;
    const auto live = [](void*) -> int {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer(ok({getpid()}));
        serve();
    };
    constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD;
    const pid_t child = clone(live, stack.data() + stack.size(), kFlags, nullptr);
    // The child's standard input has ended, and so has ours.
    if (child > 0) _exit(0);
    return failed();
}

Reply set_dumpable(const Words& words) {
    return prctl(PR_SET_DUMPABLE, number(words[1])) < 0 ? failed() : ok();
}

Reply set_comm(const Words& words) {
    return prctl(PR_SET_NAME, words[1].c_str()) < 0 ? failed() : ok();
}

Reply set_user(const Words& words) {
    const auto id = static_cast<uid_t>(number(words[1]));
    return setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0 ? failed() : ok();
}

Reply execute(const Words& words) {
    std::vector<char*> argv;
    for (std::size_t i = 1; i < words.size(); ++i)
        argv.push_back(const_cast<char*>(words[i].c_str()));
    argv.push_back(nullptr);
    if (access(argv[0], X_OK) < 0) return failed();
    answer(ok());
    execv(argv[0], argv.data());
    _exit(127);
}

/// From another thread, which becomes the first one by that.
Reply execute_in_thread(const Words& words) {
    std::vector<char*> argv;
    for (std::size_t i = 1; i < words.size(); ++i)
        argv.push_back(const_cast<char*>(words[i].c_str()));
    argv.push_back(nullptr);
    if (access(argv[0], X_OK) < 0) return failed();
    answer(ok());
    std::thread([&argv] {
        execv(argv[0], argv.data());
        _exit(127);
    }).detach();
    sleep_for_ever();
}

Reply end(const Words& words) {
    answer(ok());
    _exit(static_cast<int>(number(word_or(words, 1, "0"))));
}

constexpr std::array kCommands{
    Command{"thread", "[COUNT] (TID of the last)", 0, 1, make_thread},
    Command{"thread-end", "TID", 1, 1, end_thread},
    Command{"thread-comm", "NAME (TID)", 1, 1, name_thread},
    Command{"thread-exit-leader", "(TID that answers now)", 0, 0, exit_leader},
    Command{"thread-unshare", "PATH (TID FD)", 1, 1, make_thread_with_own_table},
    Command{"fork", "(PID)", 0, 0, make_child},
    Command{"fork-exec", "PROGRAM [ARG]… (PID)", 1, kAnyNumber, execute_in_child},
    Command{"kill-child", "PID", 1, 1, kill_child},
    Command{"fork-shared", "(PID READ-END WRITE-END)", 0, 0, make_sharing_child},
    Command{"shared-open", "PATH [DELAY_MS]", 1, 2, shared_open},
    Command{"shared-close", "FD [DELAY_MS]", 1, 2, shared_close},
    Command{"vfork", "(PID that answers now)", 0, 0, sleep_uninterruptibly},
    Command{"dumpable", "0|1", 1, 1, set_dumpable},
    Command{"comm", "NAME", 1, 1, set_comm},
    Command{"setuid", "ID (user and group)", 1, 1, set_user},
    Command{"exec", "PROGRAM [ARG]…", 1, kAnyNumber, execute},
    Command{"thread-exec", "PROGRAM [ARG]…", 1, kAnyNumber, execute_in_thread},
    Command{"exit", "[STATUS]", 0, 1, end},
};

}  // namespace

std::span<const Command> process_commands() {
    return kCommands;
}

}  // namespace fd_maker
