// Children and programs to come.

#include "modes.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace fd_truth {
namespace {

void nothing(long) {}

/// For a vforked child to execute: closes nothing.
void leaf(long count) {
    for (long i = 0; i < count; ++i) open_file(FileName(i).path(), O_RDONLY);
}

/// Leaves some for the next generation to close, and some for the exec.
void cloexec(long count) {
    for (int fd = 3; fd < 32; ++fd)
        if (is_known(fd)) drop(fd);
    for (long i = 0; i < 3; ++i) open_file(FileName(count + i).path(), O_RDONLY | O_CLOEXEC);
    const int changed = open_file(FileName(count + 4).path(), O_RDONLY);
    open_file(FileName(count + 3).path(), O_RDONLY);
    must(fcntl(changed, F_SETFD, FD_CLOEXEC), "F_SETFD");
    if (count <= 1) return;
    run_again("/nonexistent", "cloexec", count - 1);
    open_file(FileName(count + 5).path(), O_RDONLY | O_CLOEXEC);
    run_again(FileName(0).path(), "cloexec", count - 1);
    run_again("/proc/self/exe", "cloexec", count - 1);
    die("exec");
}

void open_two_close_one(long index) {
    drop(open_file(FileName(index).path(), O_RDONLY));
    open_file(FileName(index + 1).path(), O_RDWR);
}

/// Alone, and four at once, while the parent goes on as well.
void forks(long count) {
    const int kept = open_file(FileName(999).path(), O_RDONLY);
    for (long i = 0; i < count; ++i) {
        reap(in_child([&] { open_two_close_one(i); }));
        std::array<int, 4> children{};
        for (std::size_t k = 0; k < children.size(); ++k)
            children[k] = in_child([&] {
                // Nobody's truth: it was inherited.
                if (k == 0) must(close(kept), "close");
                open_two_close_one(i + 10 + static_cast<long>(k));
            });
        open_file(FileName(i + 20).path(), O_RDONLY | O_CLOEXEC);
        for (const int child : children) reap(child);
    }
}

/// The child runs in our memory until its exec or its end: what it changed is put back.
template <class Body>
int in_vforked_child(Body body) {
    void* const table = current_table();
    const int child = vfork();
    if (child == 0) {
        begin_table();
        body();
        end_with_open(0);
    }
    must(child, "vfork");
    use_table(table);
    return child;
}

void vforks(long count) {
    for (long i = 0; i < count; ++i) {
        reap(in_vforked_child([&] { open_two_close_one(i); }));
        open_file(FileName(i + 5).path(), O_RDONLY);
        reap(in_vforked_child([&] {
            open_file(FileName(i + 10).path(), O_RDONLY | O_CLOEXEC);
            run_again("/nonexistent", "leaf", 2);
            run_again("/proc/self/exe", "leaf", 2);
            die("exec");
        }));
    }
}

/// A process that has no memory in common with us, but the table.
int clone_with(unsigned long flags) {
    return static_cast<int>(
        must(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr), "clone"));
}

void open_and_close(long first, long count) {
    for (long i = 0; i < count; ++i) drop(open_file(FileName(first + i % 20).path(), O_RDONLY));
}

/// At once; what the child leaves is closed by the parent, when the child has ended.
void clone_files(long count) {
    const int child = clone_with(CLONE_FILES);
    open_and_close(child == 0 ? 20 : 0, count);
    if (child == 0) {
        open_file(FileName(1).path(), O_RDONLY);
        open_file(FileName(2).path(), O_RDONLY);
        _exit(0);
    }
    reap(child);
    for (int fd = 3; fd < 32; ++fd)
        if (is_known(fd)) drop(fd);
    open_file(FileName(3).path(), O_RDONLY);
}

/// clone(2) makes a descriptor for the parent.
void clone_pidfd(long count) {
    for (long i = 0; i < count; ++i) {
        int pidfd = -1;
        const Time before = now();
        const long child = must(
            syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr), "clone");
        if (child == 0) _exit(0);
        tell_made(pidfd, before, now(), Made::found);
        reap(static_cast<int>(child));
        drop(pidfd);
    }
}

constexpr std::array kModes{
    Mode{"nothing", nothing},         Mode{"leaf", leaf},
    Mode{"cloexec", cloexec},         Mode{"forks", forks},
    Mode{"vforks", vforks},           Mode{"clone-files", clone_files},
    Mode{"clone-pidfd", clone_pidfd},
};

}  // namespace

std::span<const Mode> process_modes() {
    return kModes;
}

}  // namespace fd_truth
