// Files: many, failed, without a name, and such that wait for somebody.

#include "modes.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace fd_truth {
namespace {

void files(long count) {
    for (long i = 0; i < count; ++i) drop(open_file(FileName(i).path(), O_RDONLY));
}

/// Nothing but the number is the same.
void one_number(long count) {
    for (long i = 0; i < count; i += 5) {
        drop(open_file(FileName(i).path(), O_RDONLY));
        drop(open_file(directory(), O_RDONLY | O_DIRECTORY));
        drop(make([] { return socket(AF_INET, SOCK_DGRAM, 0); }));
        drop(make([] { return eventfd(0, 0); }));
        drop(open_file(FileName(i + 1).path(), O_PATH));
    }
}

void pipes(long count) {
    for (long i = 0; i < count; ++i) {
        drop(make_two([](int* ends) { return pipe(ends); }));
        drop(make_two([](int* ends) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }));
    }
}

/// Leaves just one number free, and none after that.
void fail_for_want_of_numbers() {
    const int lowest = open_file(FileName(0).path(), O_RDONLY);
    rlimit before{};
    must(getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    const rlimit one_more{static_cast<rlim_t>(lowest) + 2, before.rlim_max};
    must(setrlimit(RLIMIT_NOFILE, &one_more), "setrlimit");
    std::array<int, 2> ends{};
    must_fail(pipe(ends.data()), "pipe without two numbers");
    const int last = open_file(FileName(1).path(), O_RDONLY);
    must_fail(open(FileName(2).path(), O_RDONLY), "open without a number");
    must_fail(dup(lowest), "dup without a number");
    must_fail(made([] { return socket(AF_UNIX, SOCK_STREAM, 0); }), "socket without a number");
    must(setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
    drop(lowest);
    drop(last);
}

void fail_in_many_ways(int good) {
    const FileName missing("missing");
    must_fail(open(missing.path(), O_RDONLY), "open of what is missing");
    must_fail(openat(good, "under-a-file", O_RDONLY), "openat below a file");
    must_fail(open(FileName(0).path(), O_RDONLY | O_DIRECTORY), "open of a file as directory");
    must_fail(open(FileName(0).path(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open of what is there");
    must_fail(open(directory(), O_WRONLY), "open of a directory for writing");
    must_fail(syscall(SYS_openat, AT_FDCWD, 8, O_RDONLY), "open of a bad address");
    must_fail(socket(AF_INET, 99, 0), "socket of no type");
    must_fail(socket(99, SOCK_STREAM, 0), "socket of no family");
    must_fail(syscall(SYS_pipe2, 8, 0), "pipe to a bad address");
    must_fail(socketpair(AF_INET, SOCK_STREAM, 0, nullptr), "socketpair of a family without");
    must_fail(accept(good, nullptr, nullptr), "accept from a file");
    must_fail(dup(-1), "dup of none");
    must_fail(dup(4000), "dup of what is not open");
    must_fail(dup2(4000, good), "dup2 of what is not open");
    must_fail(dup2(good, -1), "dup2 to none");
    must_fail(dup3(good, good, 0), "dup3 to itself");
    must_fail(fcntl(good, F_DUPFD, 1 << 30), "F_DUPFD beyond the limit");
    must_fail(eventfd(0, 0x40), "eventfd with bad flags");
    must_fail(syscall(SYS_io_uring_setup, 0, nullptr), "io_uring_setup without entries");
    must_fail(close(-1), "close of none");
    must_fail(close(4000), "close of what is not open");
    must_fail(close_range(9, 8, 0), "close_range from behind");
}

void fails(long count) {
    for (long i = 0; i < count; ++i) {
        const int good = open_file(FileName(i).path(), O_RDONLY);
        fail_in_many_ways(good);
        const int second = open_file(FileName(i + 1).path(), O_RDONLY);
        fail_in_many_ways(second);
        drop(good);
        drop(second);
        fail_for_want_of_numbers();
    }
}

void unlinked(long count) {
    const FileName other("other");
    for (long i = 0; i < count; ++i) {
        const FileName name("brief", i);
        const int first = open_file(name.path(), O_RDWR | O_CREAT | O_EXCL);
        must(unlink(name.path()), "unlink");
        const int second = open_file(name.path(), O_RDWR | O_CREAT | O_EXCL);
        must(unlinkat(AT_FDCWD, name.path(), 0), "unlinkat");
        const int third = open_file(name.path(), O_RDWR | O_CREAT | O_EXCL);
        must(rename(name.path(), other.path()), "rename");
        const int fourth = open_file(other.path(), O_RDONLY);
        must(syscall(SYS_renameat2, AT_FDCWD, other.path(), AT_FDCWD, name.path(), 0), "renameat2");
        must(unlink(name.path()), "unlink");
        must(mkdir(name.path(), 0700), "mkdir");
        const int fifth = open_file(name.path(), O_RDONLY | O_DIRECTORY);
        must(rmdir(name.path()), "rmdir");
        // A filesystem may be without.
        const int sixth = made([] { return open(directory(), O_TMPFILE | O_RDWR, 0600); });
        for (const int fd : {first, second, third, fourth, fifth}) drop(fd);
        if (sixth >= 0) drop(sixth);
    }
}

void undumpable(long count) {
    must(prctl(PR_SET_DUMPABLE, 0), "prctl");
    files(count);
}

volatile sig_atomic_t signals = 0;

/// Calls are interrupted while they wait for whoever watches; each is tried until it is done.
void under_signals(long count, int flags) {
    struct sigaction action {};
    action.sa_handler = [](int) { signals = signals + 1; };
    action.sa_flags = flags;
    must(sigaction(SIGALRM, &action, nullptr), "sigaction");
    const itimerval often{{0, 200}, {0, 200}};
    must(setitimer(ITIMER_REAL, &often, nullptr), "setitimer");
    for (long i = 0; i < count; ++i) {
        const FileName name(i);
        const int fd = made([&] {
            int number = -1;
            while ((number = open(name.path(), O_RDONLY)) < 0)
                if (errno != EINTR) die("open");
            return number;
        });
        const Dropping dropping(fd);
        const Time before = now();
        while (close(fd) < 0)
            if (errno != EINTR) die("close");
        dropping.tell(before, now());
    }
    const itimerval never{};
    must(setitimer(ITIMER_REAL, &never, nullptr), "setitimer");
}

void interrupted(long count) {
    under_signals(count, 0);
}
void restarted(long count) {
    under_signals(count, SA_RESTART);
}

constexpr std::array kModes{
    Mode{"files", files, 1000},
    Mode{"one-number", one_number},
    Mode{"pipes", pipes},
    Mode{"fails", fails},
    Mode{"unlinked", unlinked},
    Mode{"undumpable", undumpable},
    Mode{"interrupted", interrupted},
    Mode{"restarted", restarted},
};

}  // namespace

std::span<const Mode> file_modes() {
    return kModes;
}

}  // namespace fd_truth
