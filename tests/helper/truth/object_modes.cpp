// Every kind of object that can be made without privilege, by each call that makes it. A call that
// this kernel refuses is one that nobody may tell. For io_uring see uring_modes.cpp.

#include "modes.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

namespace fd_truth {
namespace {

/// Calls of the last years have the same number everywhere; headers may be older.
constexpr long kOpenTree = 428;
constexpr long kFsopen = 430;
constexpr long kFspick = 433;
constexpr long kPidfdOpen = 434;
constexpr long kOpenat2 = 437;
constexpr long kPidfdGetfd = 438;
constexpr long kLandlockCreateRuleset = 444;
constexpr long kMemfdSecret = 447;
constexpr unsigned kUserModeOnly = 1;      // UFFD_USER_MODE_ONLY
constexpr unsigned kNotifByFile = 0x200;   // FAN_REPORT_FID
constexpr std::size_t kSignalSetSize = 8;  // the kernel's

template <class... Arguments>
void attempt(long number, Arguments... arguments) {
    const int fd = made([&] { return syscall(number, arguments...); });
    if (fd >= 0) drop(fd);
}

void events() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    attempt(SYS_eventfd2, 0, EFD_NONBLOCK);
    attempt(SYS_epoll_create1, EPOLL_CLOEXEC);
    attempt(SYS_inotify_init1, IN_NONBLOCK);
    attempt(SYS_fanotify_init, FAN_CLASS_NOTIF | kNotifByFile, O_RDONLY);
    attempt(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC);
    attempt(SYS_signalfd4, -1, &signals, kSignalSetSize, SFD_CLOEXEC);
    attempt(SYS_userfaultfd, kUserModeOnly);
    // A signalfd that is there is changed by the same call.
    const int signal_fd = make([&] { return signalfd(-1, &signals, 0); });
    sigaddset(&signals, SIGUSR2);
    if (signalfd(signal_fd, &signals, 0) != signal_fd) die("signalfd");
    drop(signal_fd);
}

void legacy_calls() {
#ifdef SYS_open  // not on arm64 and its like
    const FileName name(5);
    attempt(SYS_open, name.path(), O_RDWR);
    attempt(SYS_creat, FileName(6).path(), 0600);
    attempt(SYS_eventfd, 0);
    attempt(SYS_epoll_create, 8);
    attempt(SYS_inotify_init);
    sigset_t signals;
    sigemptyset(&signals);
    attempt(SYS_signalfd, -1, &signals, kSignalSetSize);
    drop(make_two([](int* ends) { return syscall(SYS_pipe, ends); }));
#endif
}

void memory() {
    attempt(SYS_memfd_create, "some memory", MFD_CLOEXEC);
    attempt(kMemfdSecret, 0);
    bpf_attr map{};
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = 4;
    map.value_size = 4;
    map.max_entries = 1;
    attempt(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
    perf_event_attr clock{};
    clock.type = PERF_TYPE_SOFTWARE;
    clock.size = sizeof clock;
    clock.config = PERF_COUNT_SW_TASK_CLOCK;
    clock.exclude_kernel = 1;
    clock.exclude_hv = 1;
    attempt(SYS_perf_event_open, &clock, 0, -1, -1, 0);
}

void processes() {
    const int own = made([] { return syscall(kPidfdOpen, getpid(), 0); });
    const int file = open_file(FileName(7).path(), O_RDONLY);
    attempt(kPidfdGetfd, own, file, 0);
    drop(file);
    if (own >= 0) drop(own);
}

void handles_and_mounts() {
    alignas(file_handle) std::array<unsigned char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
    auto* const handle = reinterpret_cast<file_handle*>(bytes.data());
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    const int beside = open_file(directory(), O_RDONLY | O_DIRECTORY);
    if (name_to_handle_at(AT_FDCWD, FileName(8).path(), handle, &mount, 0) == 0)
        attempt(SYS_open_by_handle_at, beside, handle, O_RDONLY);
    drop(beside);
    attempt(kOpenTree, AT_FDCWD, directory(), 0);
    attempt(kFsopen, "tmpfs", 0);
    attempt(kFspick, AT_FDCWD, "/", 0);
}

void others() {
    open_how how{};
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    attempt(kOpenat2, AT_FDCWD, FileName(9).path(), &how, sizeof how);
    attempt(SYS_mq_open, "fd_truth_queue", O_RDWR | O_CREAT, 0600, nullptr);
    syscall(SYS_mq_unlink, "fd_truth_queue");
    const std::uint64_t handled[2] = {1, 0};
    attempt(kLandlockCreateRuleset, handled, sizeof handled[0], 0);
    attempt(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
    attempt(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    attempt(SYS_socket, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void objects(long count) {
    for (long i = 0; i < count; ++i) {
        events();
        legacy_calls();
        memory();
        processes();
        handles_and_mounts();
        others();
    }
}

constexpr std::array kModes{Mode{"objects", objects}};

}  // namespace

std::span<const Mode> object_modes() {
    return kModes;
}

}  // namespace fd_truth
