#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace logfia {

/// The system calls that stop for us (syscalls(2)): those that can give a process a descriptor, or
/// take one away from it, and those after which a name or a socket is not what it was before.
enum class Call : std::uint8_t {
    none,
    // makers
    accept,
    accept4,
    bpf,
    creat,
    dup,
    epoll_create,
    epoll_create1,
    eventfd,
    eventfd2,
    fanotify_init,
    fcntl,  ///< F_DUPFD and F_DUPFD_CLOEXEC alone
    fsmount,
    fsopen,
    fspick,
    inotify_init,
    inotify_init1,
    io_uring_setup,
    landlock_create_ruleset,
    memfd_create,
    memfd_secret,
    mq_open,
    open,
    open_by_handle_at,
    open_tree,
    open_tree_attr,
    openat,
    openat2,
    perf_event_open,
    pidfd_getfd,
    pidfd_open,
    pipe,
    pipe2,
    signalfd,
    signalfd4,
    socket,
    socketpair,
    timerfd_create,
    userfaultfd,
    // droppers
    close,
    close_range,
    dup2,
    dup3,
    execve,
    execveat,
    exit,
    exit_group,
    unshare,
    // others, before which everybody's descriptors are settled under the names that they had
    rename,
    renameat,
    renameat2,
    rmdir,
    unlink,
    unlinkat,
    // others, which change a socket
    bind,
    connect,
    listen,
    // makers in disguise, which stop only where the kernel does not count descriptors for us
    clone,
    clone3,
    ioctl,
    recvmmsg,
    recvmsg,
    seccomp,
};

/// The table of calls that a program uses: one kernel knows several.
enum class Abi : std::uint8_t { x86_64, i386, arm64 };

struct CallNumber {
    std::uint32_t number;
    Call call;
};

/// The calls that stop for us, by their numbers. Empty for an Abi of another machine.
std::span<const CallNumber> calls_of(Abi abi);
/// AUDIT_ARCH_* of <linux/audit.h>.
std::uint32_t audit_arch_of(Abi abi);
/// The tables that this machine's kernel knows, its own first. Empty: a machine that is not known.
std::span<const Abi> known_abis();

/// i386 has a single call for all that is done with sockets, socketcall(2), whose arguments are in
/// memory. The call's own number, and those of its first argument (<linux/net.h>).
inline constexpr std::uint32_t kSocketcall = 102;
std::span<const CallNumber> socketcalls();
/// True for a call that need not stop where the kernel counts descriptors (CountedDescriptors).
bool is_maker_in_disguise(Call call);
/// True for a call that can give a file another name, or take it away.
bool changes_names(Call call);

/// A call at its entry.
struct CallEntry {
    Call call = Call::none;
    Abi abi = Abi::x86_64;
    int raw_number = 0;  ///< as the caller gave it
    /// False: the arguments are in the caller's memory, which is never read.
    bool args_known = true;
    bool foreign = false;  ///< of an Abi that is not known: any call at all
    std::array<std::uint64_t, 6> args{};

    /// An argument that is a C int.
    [[nodiscard]] int number(std::size_t i) const {
        return static_cast<int>(static_cast<std::uint32_t>(args[i]));
    }
};

/// The call is `none` where it is not of interest, or foreign.
CallEntry decode_call(const seccomp_data& data);

}  // namespace logfia
