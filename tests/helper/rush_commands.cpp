#include "command.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace fd_maker {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A file that is sure to be there.
constexpr const char* kOwnProgram = "/proc/self/exe";

Clock::time_point end_of(const std::string& word) {
    return Clock::now() + milliseconds(number(word));
}

/// Opens, copies and closes; 0, or the errno of the first call that failed.
int open_and_close() {
    const int fd = open(kOwnProgram, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int copy = dup(fd);
    if (copy < 0) return errno;
    std::array<int, 2> ends{};
    if (pipe(ends.data()) < 0) return errno;
    for (const int number : {fd, copy, ends[0], ends[1]})
        if (close(number) < 0) return errno;
    return 0;
}

/// The status of a child that says by it what failed.
int error_of_child(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int open_and_close_in_child() {
    const pid_t pid = fork();
    if (pid < 0) return errno;
    if (pid == 0) _exit(open_and_close());
    return error_of_child(pid);
}

/// Until then, or until something fails: 0, or that errno.
int rush_until(Clock::time_point end, std::atomic<long>* rounds = nullptr) {
    while (Clock::now() < end) {
        if (const int error = open_and_close(); error != 0) return error;
        if (rounds != nullptr) ++*rounds;
    }
    return 0;
}

/// As rush_until(), with a child of its own after every few rounds.
int fork_and_rush_until(Clock::time_point end) {
    constexpr int kRounds = 20;
    while (Clock::now() < end) {
        for (int round = 0; round < kRounds; ++round)
            if (const int error = open_and_close(); error != 0) return error;
        if (const int error = open_and_close_in_child(); error != 0) return error;
    }
    return 0;
}

Reply rush_children(const Words& words) {
    const auto end = end_of(words[2]);
    std::vector<pid_t> children;
    for (long i = 0; i < number(words[1]); ++i) {
        const pid_t pid = fork();
        if (pid == 0) _exit(fork_and_rush_until(end));
        if (pid < 0) return failed();
        children.push_back(pid);
    }
    int error = 0;
    for (const pid_t pid : children)
        if (const int of_child = error_of_child(pid); of_child != 0) error = of_child;
    return error == 0 ? ok() : failed(error);
}

Reply rush_threads(const Words& words) {
    const auto end = end_of(words[2]);
    std::atomic<int> error = 0;
    std::atomic<long> rounds = 0;
    std::vector<std::thread> threads;
    for (long i = 0; i < number(words[1]); ++i)
        threads.emplace_back([&] {
            if (const int of_thread = rush_until(end, &rounds); of_thread != 0) error = of_thread;
        });
    for (auto& thread : threads) thread.join();
    return error == 0 ? ok({rounds}) : failed(error);
}

/// How many files were opened and closed in each window, as fast as can be.
Reply rush_windows(const Words& words) {
    const milliseconds window(number(words[2]));
    const auto began = Clock::now();
    std::vector<long> counts(
        static_cast<std::size_t>(std::max(number(words[1]) / window.count(), 1L)));
    for (;;) {
        const auto index = static_cast<std::size_t>((Clock::now() - began) / window);
        if (index >= counts.size()) break;
        const int fd = open(words[3].c_str(), O_RDONLY);
        if (fd < 0 || close(fd) < 0) return failed();
        ++counts[index];
    }
    Reply reply;
    for (const long count : counts) {
        if (!reply.text.empty()) reply.text += ' ';
        reply.text += std::to_string(count);
    }
    return reply;
}

long nanoseconds_since(Clock::time_point began) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count();
}

Reply time_opens(const Words& words) {
    const long count = number(words[1]);
    const auto began = Clock::now();
    for (long i = 0; i < count; ++i) {
        const int fd = open(words[2].c_str(), O_RDONLY);
        if (fd < 0 || close(fd) < 0) return failed();
    }
    return ok({nanoseconds_since(began)});
}

Reply time_calls(const Words& words) {
    const long count = number(words[1]);
    const auto began = Clock::now();
    for (long i = 0; i < count; ++i) getppid();
    return ok({nanoseconds_since(began)});
}

constexpr std::array kCommands{
    Command{"rush-children", "COUNT MS (children open, close and fork as fast as can be)", 2, 2,
            rush_children},
    Command{"rush-threads", "COUNT MS (ROUNDS)", 2, 2, rush_threads},
    Command{"rush", "MS WINDOW_MS PATH (COUNT of each window)", 3, 3, rush_windows},
    Command{"time-opens", "COUNT PATH (NANOSECONDS of all opens and closes)", 2, 2, time_opens},
    Command{"time-calls", "COUNT (NANOSECONDS of as many getppid(2))", 1, 1, time_calls},
};

}  // namespace

std::span<const Command> rush_commands() {
    return kCommands;
}

}  // namespace fd_maker
