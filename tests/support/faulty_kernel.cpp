#include "support/faulty_kernel.hpp"

#include "support/other_memory.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

namespace logfia::test {
namespace {

/// How the arguments of a call tell its place.
enum class About {
    nothing,
    descriptor,  ///< the first one
    path,        ///< the second one, relative to the first
    command,     ///< of fcntl(2): but for F_DUPFD it has no error with a descriptor that is open
};

struct SystemCall {
    unsigned number;
    const char* name;
    About about;
    std::array<int, 8> errors;  // 0: no more
};

/// The system calls of a watch, and how they can fail (the ERRORS of each manual page, and what
/// procfs and seccomp(2) sandboxes add). Not here: what cannot fail as it is called (close(2) of
/// what is open, sigaction(2)), brk(2), which has no error, and sendmsg(2), by which the calls are
/// handed over.
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
    {SYS_fcntl, "fcntl F_DUPFD", About::command, {EMFILE, EINVAL, EBADF}},
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
    {SYS_prlimit64, "prlimit64", About::nothing, {EPERM, EINVAL, ENOSYS}},
    {SYS_clock_gettime, "clock_gettime", About::nothing, {EINVAL}},
    {SYS_clock_getres, "clock_getres", About::nothing, {EINVAL}},
    {SYS_ioctl, "ioctl", About::descriptor, {ENOTTY, EIO, EINVAL}},
#ifdef SYS_readlink  // not everywhere
    {SYS_readlink, "readlink", About::nothing, {EACCES, ENOENT, ENOMEM, EIO}},
#endif
    {SYS_kcmp, "kcmp", About::nothing, {EPERM, ENOSYS, ESRCH}},
    {SYS_kill, "kill", About::nothing, {ESRCH, EPERM}},
    {SYS_prctl, "prctl", About::nothing, {EINVAL, EPERM}},
    {SYS_getxattr, "getxattr", About::nothing, {ENODATA, EOPNOTSUPP, EACCES, ENOENT}},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", About::nothing, {EINTR}},
    {SYS_faccessat2, "faccessat2", About::path, {ENOSYS, EACCES, ENOENT}},
    {SYS_pipe2, "pipe2", About::nothing, {EMFILE, ENFILE}},
    {SYS_clone, "clone", About::nothing, {EAGAIN, ENOMEM}},
    {SYS_wait4, "wait4", About::nothing, {EINTR}},
    {SYS_waitid, "waitid", About::nothing, {EINTR}},
    {SYS_mmap, "mmap", About::nothing, {ENOMEM}},
};

const SystemCall* find_call(unsigned number) {
    const auto* const at =
        std::find_if(std::begin(kSystemCalls), std::end(kSystemCalls),
                     [number](const SystemCall& c) { return c.number == number; });
    return at == std::end(kSystemCalls) ? nullptr : at;
}

std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find(' '));
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

std::string place_of(const SystemCall& call, const seccomp_notif& request) {
    std::string place = call.name;
    const int pid = static_cast<int>(request.pid);
    if (call.about == About::command)
        return request.data.args[1] == F_DUPFD_CLOEXEC ? place : std::string();
    if (call.about == About::nothing) return place;
    place += ' ';
    std::string subject = descriptor_text(pid, request.data.args[0]);
    if (call.about == About::path) {
        const std::string path = text_in(pid, request.data.args[1]);
        if (path.starts_with('/')) subject.clear();
        if (!subject.empty() && !path.empty()) subject += '/';
        subject += path;
    }
    return place + without_numbers(subject);
}

sock_filter statement(unsigned code, unsigned value) {
    return BPF_STMT(static_cast<unsigned short>(code), value);
}

/// Only async-signal-safe calls: this is between fork(2) and exec.
int listen_to_calls() {
    std::array<sock_filter, 128> program{};
    std::size_t length = 0;
    const auto add = [&](sock_filter one) { program[length++] = one; };
    const auto pass_unless = [&](unsigned number) {
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
        add(statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    };
    add(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    pass_unless(SYS_rt_sigaction);
    for (const SystemCall& call : kSystemCalls) pass_unless(call.number);
    add(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    sock_fprog filter{static_cast<unsigned short>(length), program.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return static_cast<int>(
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

bool send_descriptor(int socket, int fd) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, 0) == 1;
}

std::optional<int> receive_descriptor(int socket) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return std::nullopt;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return std::nullopt;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

}  // namespace

bool hand_over_system_calls(int socket) {
    const int listener = listen_to_calls();
    return listener >= 0 && send_descriptor(socket, listener);
}

FaultyKernel::FaultyKernel(Fault fault) : fault_(std::move(fault)), stop_(eventfd(0, EFD_CLOEXEC)) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    our_end_.reset(ends[0]);
    child_end_.reset(ends[1]);
    thread_ = std::thread([this] { supervise(); });
}

FaultyKernel::~FaultyKernel() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = write(stop_.get(), &one, sizeof one);
    thread_.join();
}

void FaultyKernel::fail(Fault fault) {
    const std::lock_guard guard(lock_);
    std::erase_if(places_, [&](const auto& seen) { return fits(seen.first, fault.place); });
    fault_ = std::move(fault);
}

std::string FaultyKernel::why_not() {
    FaultyKernel kernel;
    try {
        ChildOptions options;
        options.supervisor = kernel.socket();
        Child child({"/bin/true"}, options);
        return child.wait() == 0 ? "" : "a supervised program did not run";
    } catch (const std::system_error& error) {
        return std::string("seccomp does not hand over system calls here: ") + error.what();
    }
}

std::map<std::string, int> FaultyKernel::places() const {
    const std::lock_guard guard(lock_);
    return places_;
}

std::vector<int> FaultyKernel::errors_of(const std::string& place) {
    for (const SystemCall& call : kSystemCalls)
        if (first_word(call.name) == first_word(place))
            return {call.errors.begin(), std::find(call.errors.begin(), call.errors.end(), 0)};
    return {};
}

void FaultyKernel::supervise() {
    // If no listener comes now, none ever will.
    std::array<pollfd, 2> waiting{{{our_end_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    UniqueFd listener;
    for (;;) {
        if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
        if (waiting[1].revents != 0) return;
        if (!listener) {
            const auto received = receive_descriptor(our_end_.get());
            if (!received) return;
            listener.reset(*received);
            waiting[0].fd = *received;
            continue;
        }
        if ((waiting[0].revents & POLLIN) != 0)
            answer(listener.get());
        else if (waiting[0].revents != 0)
            return;  // every supervised process has ended
    }
}

void FaultyKernel::answer(int listener) {
    seccomp_notif request{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
        return;  // the call was interrupted
    seccomp_notif_resp response{};
    response.id = request.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    // The first call that main() makes: what comes before is the loader's.
    if (!started_ && request.data.nr == SYS_rt_sigaction && request.data.args[0] == SIGXFSZ) {
        started_ = true;
        process_ = static_cast<int>(request.pid);
    }
    const SystemCall* call = find_call(static_cast<unsigned>(request.data.nr));
    if (started_ && call != nullptr && static_cast<int>(request.pid) == process_) {
        const int error = judge(place_of(*call, request));
        if (error != 0) {
            response.flags = 0;
            response.error = -error;
        }
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/// The errno to fail with, or 0.
int FaultyKernel::judge(const std::string& place) {
    if (place.starts_with("epoll_pwait") || place == "ppoll") ++sleeps_;
    const std::lock_guard guard(lock_);
    const bool first = ++places_[place] == 1;
    if (!fits(place, fault_.place) || (!first && fault_.times == Fault::Times::once)) return 0;
    ++faults_;
    return fault_.error;
}

}  // namespace logfia::test
