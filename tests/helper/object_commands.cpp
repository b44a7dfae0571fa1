#include "command.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <vector>

namespace fd_maker {
namespace {

/// The system calls that libc has no function for.
template <class... Arguments>
Reply from_syscall(long call, Arguments... arguments) {
    return opened(static_cast<int>(syscall(call, arguments...)));
}

Reply make_eventfd(const Words&) {
    return opened(eventfd(0, 0));
}

Reply make_epoll(const Words& words) {
    const int fd = epoll_create1(0);
    if (fd < 0) return failed();
    for (std::size_t i = 1; i < words.size(); ++i) {
        epoll_event event{};
        event.events = EPOLLIN;
        if (epoll_ctl(fd, EPOLL_CTL_ADD, descriptor(words[i]), &event) < 0) return failed();
    }
    return ok({fd});
}

Reply add_to_epoll(const Words& words) {
    epoll_event event{};
    event.events = EPOLLIN;
    const int result = epoll_ctl(descriptor(words[1]), EPOLL_CTL_ADD, descriptor(words[2]), &event);
    return result < 0 ? failed() : ok();
}

Reply remove_from_epoll(const Words& words) {
    const int result =
        epoll_ctl(descriptor(words[1]), EPOLL_CTL_DEL, descriptor(words[2]), nullptr);
    return result < 0 ? failed() : ok();
}

Reply make_inotify(const Words& words) {
    const int fd = inotify_init1(0);
    if (fd < 0) return failed();
    for (std::size_t i = 1; i < words.size(); ++i)
        if (inotify_add_watch(fd, words[i].c_str(), IN_MODIFY) < 0) return failed();
    return ok({fd});
}

Reply make_fanotify(const Words&) {
    // Without privileges only this class with file handles is allowed (5.13).
    const int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
    return opened(fd >= 0 ? fd : fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
}

Reply make_signalfd(const Words&) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    return opened(signalfd(-1, &signals, 0));
}

Reply make_timerfd(const Words&) {
    return opened(timerfd_create(CLOCK_MONOTONIC, 0));
}

Reply make_pidfd(const Words& words) {
    const long pid = words.size() > 1 ? number(words[1]) : getpid();
    return from_syscall(SYS_pidfd_open, pid, 0);
}

Reply make_io_uring(const Words&) {
    io_uring_params parameters{};
    return from_syscall(SYS_io_uring_setup, 4, &parameters);
}

Reply register_files(const Words& words) {
    std::vector<int> files;
    for (std::size_t i = 2; i < words.size(); ++i) files.push_back(descriptor(words[i]));
    const long result = syscall(SYS_io_uring_register, descriptor(words[1]), IORING_REGISTER_FILES,
                                files.data(), files.size());
    return result < 0 ? failed() : ok();
}

Reply make_userfaultfd(const Words&) {
    return from_syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

Reply make_perf_event(const Words&) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_DUMMY;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return from_syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

Reply make_bpf_map(const Words&) {
    bpf_attr attributes{};
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = 4;
    attributes.value_size = 4;
    attributes.max_entries = 1;
    return from_syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

Reply open_namespace(const Words& words) {
    return opened(open(("/proc/self/ns/" + word_or(words, 1, "net")).c_str(), O_RDONLY));
}

Reply make_memfd(const Words& words) {
    return opened(memfd_create(words[1].c_str(), 0));
}

/// Before Linux 6.5 only where `secretmem.enable=1` was given at boot (memfd_secret(2)).
Reply make_secret_memfd(const Words&) {
    return from_syscall(SYS_memfd_secret, 0);
}

constexpr std::array kCommands{
    Command{"eventfd", "", 0, 0, make_eventfd},
    Command{"epoll", "[FD]…", 0, kAnyNumber, make_epoll},
    Command{"epoll-add", "EPOLL FD", 2, 2, add_to_epoll},
    Command{"epoll-remove", "EPOLL FD", 2, 2, remove_from_epoll},
    Command{"inotify", "[PATH]…", 0, kAnyNumber, make_inotify},
    Command{"fanotify", "", 0, 0, make_fanotify},
    Command{"signalfd", "", 0, 0, make_signalfd},
    Command{"timerfd", "", 0, 0, make_timerfd},
    Command{"pidfd", "[PID]", 0, 1, make_pidfd},
    Command{"io_uring", "", 0, 0, make_io_uring},
    Command{"io_uring-register", "RING FD…", 2, kAnyNumber, register_files},
    Command{"userfaultfd", "", 0, 0, make_userfaultfd},
    Command{"perf_event", "", 0, 0, make_perf_event},
    Command{"bpf", "", 0, 0, make_bpf_map},
    Command{"namespace", "[net|mnt|…]", 0, 1, open_namespace},
    Command{"memfd", "NAME", 1, 1, make_memfd},
    Command{"memfd-secret", "", 0, 0, make_secret_memfd},
};

}  // namespace

std::span<const Command> object_commands() {
    return kCommands;
}

}  // namespace fd_maker
