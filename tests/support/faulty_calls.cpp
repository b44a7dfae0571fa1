#include "support/faulty_calls.hpp"

#include "support/other_memory.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <iterator>
#include <set>

namespace logfia::test {
namespace {

/// How the arguments of a call tell its place.
enum class About {
    nothing,
    descriptor,  ///< the first one
    path,        ///< the second one, relative to the first
};

/// The argument that tells what a call with many tasks is asked for.
struct Task {
    int argument = -1;  ///< which one; -1: any
    std::uint64_t value = 0;
};

struct SystemCall {
    unsigned number;
    std::string_view name;
    About about;
    std::array<int, 8> errors;  // 0: no more
    Task task{};
};

/// SECCOMP_IOCTL_NOTIF_SET_FLAGS of Linux 6.6, which older headers lack.
constexpr std::uint64_t kSetFlags = _IOW('!', 4, std::uint64_t);

/// The system calls of a watch, and how they can fail (the ERRORS of each manual page, and what
/// procfs and seccomp(2) sandboxes add). Not here: what cannot fail as it is called (close(2) of
/// what is open, sigaction(2)), and brk(2), which has no error. The first row that fits counts.
constexpr SystemCall kSystemCalls[] = {
    {SYS_openat,
     "openat",
     About::path,
     {EMFILE, ENFILE, ENOMEM, EACCES, ENOENT, ESRCH, EIO, EINTR}},
    {SYS_read, "read", About::descriptor, {EIO, EINTR, ESRCH, ENOMEM, EACCES}},
    {SYS_pread64, "pread64", About::descriptor, {EIO, EINTR, ESRCH, ENOMEM, EACCES}},
    {SYS_getdents64, "getdents64", About::descriptor, {EIO, ENOMEM, ENOENT, EACCES, EINTR}},
    {SYS_readlinkat, "readlinkat", About::path, {EACCES, ENOENT, ENOMEM, ENAMETOOLONG, EIO, ESRCH}},
    {SYS_lseek, "lseek", About::descriptor, {EINVAL, ESPIPE}},
    {SYS_statx, "statx", About::path, {ENOSYS, EACCES, ENOENT, EIO, ENOMEM, ESTALE}},
    {SYS_newfstatat, "newfstatat", About::path, {EACCES, ENOENT, EIO, ENOMEM, EOVERFLOW}},
    {SYS_fstat, "fstat", About::descriptor, {EIO, ENOMEM, EOVERFLOW}},
    {SYS_name_to_handle_at,
     "name_to_handle_at",
     About::path,
     {EOPNOTSUPP, ENOSYS, EPERM, EOVERFLOW, ENOENT, ESTALE}},
    {SYS_pidfd_open,
     "pidfd_open",
     About::nothing,
     {ENOSYS, EMFILE, ENFILE, ENOMEM, ESRCH, EPERM, EINVAL}},
    {SYS_pidfd_getfd, "pidfd_getfd", About::nothing, {ENOSYS, EMFILE, ENFILE, EPERM, EBADF, ESRCH}},
    {SYS_epoll_create1, "epoll_create1", About::nothing, {EMFILE, ENFILE, ENOMEM}},
    {SYS_epoll_ctl, "epoll_ctl", About::nothing, {ENOMEM, ENOSPC, EPERM}},
#ifdef SYS_epoll_wait  // not everywhere
    {SYS_epoll_wait, "epoll_wait", About::nothing, {EINVAL, EINTR, ENOSYS}},
#endif
    {SYS_epoll_pwait2, "epoll_pwait2", About::nothing, {ENOSYS, EPERM, EINTR, EINVAL, ENOMEM}},
    {SYS_epoll_pwait, "epoll_pwait", About::nothing, {EINTR, EINVAL, ENOSYS, ENOMEM}},
#ifdef SYS_poll  // not everywhere
    {SYS_poll, "poll", About::nothing, {EINTR, ENOMEM, EINVAL}},
#endif
    {SYS_ppoll, "ppoll", About::nothing, {EINTR, ENOMEM, EINVAL}},
    {SYS_write,
     "write",
     About::descriptor,
     {EINTR, EAGAIN, EIO, ENOSPC, EDQUOT, EFBIG, EPIPE, ENOMEM}},
    {SYS_pwritev2, "pwritev2", About::descriptor, {EOPNOTSUPP, ENOSYS, EAGAIN, EIO, EPIPE}},
    // The only task of fcntl(2) that has an error with a descriptor that is open.
    {SYS_fcntl, "fcntl F_DUPFD", About::nothing, {EMFILE, EINVAL, EBADF}, {1, F_DUPFD_CLOEXEC}},
    {SYS_ftruncate, "ftruncate", About::descriptor, {EIO, EPERM, EINVAL}},
    {SYS_socket,
     "socket",
     About::nothing,
     {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAFNOSUPPORT, EPROTONOSUPPORT, EACCES}},
    {SYS_bind, "bind", About::descriptor, {EPERM, EADDRINUSE, ENOMEM}},
    {SYS_connect, "connect", About::descriptor, {ENETUNREACH, ECONNREFUSED, EPERM, EAGAIN}},
    {SYS_setsockopt, "setsockopt", About::descriptor, {EPERM, ENOMEM, ENOPROTOOPT}},
    {SYS_getsockopt, "getsockopt", About::descriptor, {ENOPROTOOPT, ENOMEM}},
    {SYS_getsockname, "getsockname", About::descriptor, {ENOBUFS, ENOTCONN}},
    {SYS_getpeername, "getpeername", About::descriptor, {ENOBUFS, ENOTCONN}},
    {SYS_sendto, "sendto", About::descriptor, {ENOBUFS, ECONNREFUSED, EPERM, EAGAIN, EINTR}},
    {SYS_recvfrom, "recvfrom", About::descriptor, {ENOBUFS, EAGAIN, EINTR, ECONNREFUSED}},
    {SYS_sendmsg, "sendmsg", About::descriptor, {ETOOMANYREFS, ENOMEM, EPIPE, EINTR}},
    {SYS_recvmsg, "recvmsg", About::descriptor, {ENOMEM, ECONNRESET, EINTR}},
    {SYS_socketpair, "socketpair", About::nothing, {EMFILE, ENFILE, ENOMEM}},
    {SYS_memfd_create, "memfd_create", About::nothing, {EMFILE, ENFILE, ENOMEM}},
    {SYS_statfs, "statfs", About::nothing, {ENOSYS, EACCES, EIO}},
    {SYS_eventfd2, "eventfd2", About::nothing, {EMFILE, ENFILE, ENOMEM}},
    {SYS_seccomp,
     "seccomp GET_NOTIF_SIZES",
     About::nothing,
     {EINVAL, EPERM, ENOSYS},
     {0, SECCOMP_GET_NOTIF_SIZES}},
    {SYS_seccomp,
     "seccomp GET_ACTION_AVAIL",
     About::nothing,
     {EOPNOTSUPP, EPERM, ENOSYS},
     {0, SECCOMP_GET_ACTION_AVAIL}},
    {SYS_seccomp,
     "seccomp SET_MODE_FILTER",
     About::nothing,
     {EINVAL, EPERM, ENOSYS},
     {0, SECCOMP_SET_MODE_FILTER}},
    {SYS_prlimit64, "prlimit64", About::nothing, {EPERM, EINVAL, ENOSYS}},
    {SYS_clock_gettime, "clock_gettime", About::nothing, {EINVAL}},
    {SYS_clock_getres, "clock_getres", About::nothing, {EINVAL}},
    {SYS_ioctl,
     "ioctl NOTIF_RECV",
     About::nothing,
     {EINVAL, ENOENT, EINTR, ENOSYS},
     {1, SECCOMP_IOCTL_NOTIF_RECV}},
    {SYS_ioctl,
     "ioctl NOTIF_SEND",
     About::nothing,
     {EINVAL, ENOENT, EINPROGRESS, EINTR, ENOSYS},
     {1, SECCOMP_IOCTL_NOTIF_SEND}},
    {SYS_ioctl,
     "ioctl NOTIF_ID_VALID",
     About::nothing,
     {EINVAL, ENOENT, ENOSYS},
     {1, SECCOMP_IOCTL_NOTIF_ID_VALID}},
    {SYS_ioctl, "ioctl NOTIF_SET_FLAGS", About::nothing, {EINVAL, ENOSYS}, {1, kSetFlags}},
    {SYS_ioctl, "ioctl", About::descriptor, {ENOTTY, EIO, EINVAL}},
#ifdef SYS_readlink  // not everywhere
    {SYS_readlink, "readlink", About::nothing, {EACCES, ENOENT, ENOMEM, EIO}},
#endif
    {SYS_kcmp, "kcmp", About::nothing, {EPERM, ENOSYS, ESRCH}},
    {SYS_pidfd_send_signal, "pidfd_send_signal", About::nothing, {ESRCH, EPERM, ENOSYS}},
    {SYS_kill, "kill", About::nothing, {ESRCH, EPERM}},
    {SYS_prctl, "prctl", About::nothing, {EINVAL, EPERM}},
    {SYS_getxattr, "getxattr", About::nothing, {ENODATA, EOPNOTSUPP, EACCES, ENOENT}},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", About::nothing, {EINTR}},
    {SYS_faccessat2, "faccessat2", About::path, {ENOSYS, EACCES, ENOENT}},
    {SYS_pipe2, "pipe2", About::nothing, {EMFILE, ENFILE}},
    {SYS_clone, "clone", About::nothing, {EAGAIN, ENOMEM}},
    {SYS_clone3, "clone3", About::nothing, {EAGAIN, EPERM, ENOSYS}},
    {SYS_wait4, "wait4", About::nothing, {EINTR}},
    {SYS_waitid, "waitid", About::nothing, {EINTR}},
    {SYS_mmap, "mmap", About::nothing, {ENOMEM}},
    {SYS_mprotect, "mprotect", About::nothing, {ENOMEM}},
};

constexpr auto kNumbers = [] {
    std::array<unsigned, std::size(kSystemCalls)> numbers{};
    std::transform(std::begin(kSystemCalls), std::end(kSystemCalls), numbers.begin(),
                   [](const SystemCall& call) { return call.number; });
    return numbers;
}();

const SystemCall* find_call(const BegunCall& begun) {
    const auto* const at =
        std::find_if(std::begin(kSystemCalls), std::end(kSystemCalls), [&](const SystemCall& call) {
            if (call.number != begun.number) return false;
            const auto task = static_cast<std::size_t>(call.task.argument);
            return call.task.argument < 0 || static_cast<std::uint32_t>(begun.arguments[task]) ==
                                                 static_cast<std::uint32_t>(call.task.value);
        });
    return at == std::end(kSystemCalls) ? nullptr : at;
}

/// Numbers become `N`: another process or descriptor is the same place.
std::string without_numbers(std::string_view text) {
    std::string plain;
    for (const char byte : text) {
        const bool digit = byte >= '0' && byte <= '9';
        if (!digit)
            plain += byte;
        else if (plain.empty() || plain.back() != 'N')
            plain += 'N';
    }
    return plain;
}

bool fits(std::string_view place, std::string_view wanted) {
    if (!wanted.ends_with('*')) return place == wanted;
    wanted.remove_suffix(1);
    return place.starts_with(wanted);
}

std::string link_text(const std::string& path) {
    std::array<char, PATH_MAX> link;
    const ssize_t length = readlink(path.c_str(), link.data(), link.size());
    return length < 0 ? "?" : std::string(link.data(), static_cast<std::size_t>(length));
}

std::string descriptor_text(int pid, std::uint64_t argument) {
    const int fd = static_cast<int>(argument);
    if (fd == AT_FDCWD) return "";
    const std::string table = "/proc/" + std::to_string(pid) + "/fd/";
    const std::string link = link_text(table + std::to_string(fd));
    // Standard error, where all other failures are reported; it may have been opened once more.
    return link == link_text(table + "2") ? "stderr" : link;
}

/// The first of the errors that mean the same: somebody is gone, may not, or cannot for now. All
/// that are left mean that something is lacking.
int kind_of(int error) {
    switch (error) {
        case ENOENT:
        case ESRCH:
            return ENOENT;
        case EACCES:
        case EPERM:
            return EACCES;
        case EAGAIN:
        case EINTR:
            return EINTR;
        case EPIPE:
            return EPIPE;
        default:
            return ENOMEM;
    }
}

/// Calls in which somebody sleeps: epoll_wait(2) only where another thread than the first makes it.
bool is_sleep(std::string_view place) {
    return place.starts_with("epoll_pwait") || place.starts_with("ppoll") ||
           place.starts_with("epoll_wait in ");
}

}  // namespace

std::optional<std::string> place_of(const BegunCall& begun) {
    const SystemCall* const call = find_call(begun);
    if (call == nullptr) return std::nullopt;
    std::string place(call->name);
    if (call->about == About::nothing) return place;
    std::string subject = descriptor_text(begun.thread, begun.arguments[0]);
    if (call->about == About::path) {
        const std::string path = text_in(begun.thread, begun.arguments[1]);
        if (path.starts_with('/')) subject.clear();
        if (!subject.empty() && !path.empty()) subject += '/';
        subject += path;
    }
    return place + ' ' + without_numbers(subject);
}

std::vector<int> errors_of(std::string_view place) {
    // An eventfd's counter is never full.
    if (place.starts_with("write anon_inode:[eventfd]")) return {};
    if (place.starts_with("read anon_inode:[eventfd]")) return {EAGAIN, EINTR};
    for (const SystemCall& call : kSystemCalls) {
        if (!place.starts_with(call.name)) continue;
        if (place.size() > call.name.size() && place[call.name.size()] != ' ') continue;
        return {call.errors.begin(), std::find(call.errors.begin(), call.errors.end(), 0)};
    }
    return {};
}

std::vector<int> kinds_of_errors(std::string_view place) {
    std::vector<int> errors = errors_of(place);
    // The answers of a listener's calls are told apart.
    if (place.starts_with("ioctl NOTIF_")) return errors;
    std::set<int> seen;
    std::erase_if(errors, [&](int error) { return !seen.insert(kind_of(error)).second; });
    return errors;
}

std::span<const unsigned> numbers_of_faulty_calls() {
    return kNumbers;
}

bool is_first_of_main(const BegunCall& call) {
    return call.number == SYS_rt_sigaction && call.arguments[0] == SIGXFSZ;
}

void FaultPlan::fail(Fault fault) {
    const std::lock_guard guard(lock_);
    std::erase_if(places_, [&](const auto& seen) { return fits(seen.first, fault.place); });
    fault_ = std::move(fault);
}

int FaultPlan::judge(const std::string& place) {
    if (is_sleep(place)) ++sleeps_;
    const std::lock_guard guard(lock_);
    const int number = ++places_[place] - fault_.after;
    if (!fits(place, fault_.place) || number < 1) return 0;
    if (number > 1 && fault_.times == Fault::Times::once) return 0;
    ++faults_;
    return fault_.error;
}

std::map<std::string, int> FaultPlan::places() const {
    const std::lock_guard guard(lock_);
    return places_;
}

}  // namespace logfia::test
