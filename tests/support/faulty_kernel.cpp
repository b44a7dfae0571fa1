#include "support/faulty_kernel.hpp"

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

sock_filter statement(unsigned code, unsigned value) {
    return BPF_STMT(static_cast<unsigned short>(code), value);
}

/// Only async-signal-safe calls: this is between fork(2) and exec.
int listen_to_calls() {
    std::array<sock_filter, 256> program{};
    std::size_t length = 0;
    const auto add = [&](sock_filter one) { program[length++] = one; };
    const auto pass_unless = [&](unsigned number) {
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
        add(statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    };
    add(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    pass_unless(SYS_rt_sigaction);
    // By sendmsg(2) the calls are handed over.
    for (const unsigned number : numbers_of_faulty_calls())
        if (number != SYS_sendmsg) pass_unless(number);
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

FaultyKernel::FaultyKernel(Fault fault) : plan_(std::move(fault)), stop_(eventfd(0, EFD_CLOEXEC)) {
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
    BegunCall call;
    call.thread = static_cast<int>(request.pid);
    call.number = static_cast<std::uint64_t>(request.data.nr);
    std::copy(std::begin(request.data.args), std::end(request.data.args), call.arguments.begin());
    if (!started_ && is_first_of_main(call)) {
        started_ = true;
        process_ = call.thread;
    }
    if (started_ && call.thread == process_) {
        const auto place = place_of(call);
        const int error = place ? plan_.judge(*place) : 0;
        if (error != 0) {
            response.flags = 0;
            response.error = -error;
        }
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace logfia::test
