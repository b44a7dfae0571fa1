// Sockets, and descriptors that come through them.

#include "modes.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace fd_truth {
namespace {

void pairs(long count) {
    constexpr std::array<int, 3> kTypes{SOCK_STREAM, SOCK_DGRAM | SOCK_CLOEXEC,
                                        SOCK_SEQPACKET | SOCK_NONBLOCK};
    for (long i = 0; i < count; ++i)
        for (const int type : kTypes)
            drop(make_two([&](int* ends) { return socketpair(AF_UNIX, type, 0, ends); }));
}

sockaddr* any(sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address);
}

sockaddr_in loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void await(int fd, short what) {
    pollfd ready{fd, what, 0};
    if (poll(&ready, 1, 20'000) != 1) die("poll");
}

struct Listener {
    Listener() : address(loopback()) {
        fd = make([] { return socket(AF_INET, SOCK_STREAM, 0); });
        socklen_t size = sizeof address;
        must(bind(fd, any(address), size), "bind");
        must(listen(fd, 8), "listen");
        must(getsockname(fd, any(address), &size), "getsockname");
    }
    int fd;
    sockaddr_in address;
};

int connect_nonblocking(sockaddr_in address) {
    const int fd = make([] { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); });
    if (connect(fd, any(address), sizeof address) < 0 && errno != EINPROGRESS) die("connect");
    await(fd, POLLOUT);
    return fd;
}

void tcp(long count) {
    const Listener listener;
    for (long i = 0; i < count; ++i) {
        const int one = make([] { return socket(AF_INET, SOCK_STREAM, 0); });
        sockaddr_in address = listener.address;
        must(connect(one, any(address), sizeof address), "connect");
        const int other = make([&] { return accept(listener.fd, nullptr, nullptr); });
        const int third = connect_nonblocking(listener.address);
        const int fourth =
            make([&] { return accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC); });
        for (const int fd : {one, fourth, other, third}) drop(fd);
    }
    must(fcntl(listener.fd, F_SETFL, O_NONBLOCK), "fcntl");
    must_fail(made([&] { return accept(listener.fd, nullptr, nullptr); }), "accept of nobody");
    drop(listener.fd);
}

void udp(long count) {
    for (long i = 0; i < count; ++i) {
        const int one = make([] { return socket(AF_INET, SOCK_DGRAM, 0); });
        sockaddr_in address = loopback();
        socklen_t size = sizeof address;
        must(bind(one, any(address), size), "bind");
        must(getsockname(one, any(address), &size), "getsockname");
        const int other = make([] { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
        must(connect(other, any(address), size), "connect");
        drop(one);
        drop(other);
    }
}

constexpr std::size_t kMostSent = 4;
struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostSent * sizeof(int))> bytes{};
};

void send_descriptors(int socket, std::span<const int> fds) {
    char byte = 'x';
    iovec data{&byte, 1};
    Control control;
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(head), fds.data(), fds.size_bytes());
    must(sendmsg(socket, &message, 0), "sendmsg");
}

void receive_descriptors(int socket, std::span<int> fds) {
    char byte = 0;
    iovec data{&byte, 1};
    Control control;
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const Time before = now();
    must(recvmsg(socket, &message, 0), "recvmsg");
    const Time after = now();
    const cmsghdr* const head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_len != CMSG_LEN(fds.size_bytes())) die("nothing was sent");
    std::memcpy(fds.data(), CMSG_DATA(head), fds.size_bytes());
    for (const int fd : fds) tell_made(fd, before, after, Made::found);
}

/// To itself, one and two at a time.
void send_around(long count, const std::array<int, 2>& ends) {
    for (long i = 0; i < count; ++i) {
        const std::array out{open_file(FileName(i).path(), O_RDONLY),
                             open_file(FileName(i + 1).path(), O_RDWR)};
        send_descriptors(ends[0], out);
        drop(out);
        std::array<int, 2> in{};
        receive_descriptors(ends[1], in);
        send_descriptors(ends[0], {in.data(), 1});
        std::array<int, 1> again{};
        receive_descriptors(ends[1], again);
        drop(in);
        drop(again[0]);
    }
}

void send_to_child(long count, const std::array<int, 2>& ends) {
    const int child = in_child([&] {
        // Until it calls for the first time, nothing tells what it was sent from what it inherited.
        drop(open_file(FileName(0).path(), O_RDONLY));
        for (long i = 0; i < count; ++i) {
            std::array<int, 1> in{};
            receive_descriptors(ends[1], in);
            if (i + 1 < count) drop(in[0]);  // the last one ends with the process
        }
    });
    for (long i = 0; i < count; ++i) {
        const std::array out{open_file(FileName(i).path(), O_RDONLY)};
        send_descriptors(ends[0], out);
        drop(out[0]);
    }
    reap(child);
}

/// ioctl(2) makes descriptors as well.
void ask_for_namespace() {
    const int own = made([] { return open("/proc/self/ns/uts", O_RDONLY); });
    if (own < 0) return;
    const int owner = made([&] { return ioctl(own, NS_GET_USERNS); }, Made::found);
    drop(own);
    if (owner >= 0) drop(owner);
}

void scm(long count) {
    const auto ends = make_two([](int* two) { return socketpair(AF_UNIX, SOCK_STREAM, 0, two); });
    send_around(count, ends);
    send_to_child(count, ends);
    ask_for_namespace();
    drop(ends);
}

/// Long enough for the other side to wait, mostly; right as well when it does not wait yet.
void give_time() {
    const timespec moment{0, 4'000'000};
    nanosleep(&moment, nullptr);
}

void accept_blocks(long count) {
    const Listener listener;
    for (long i = 0; i < count; ++i) {
        const int child = in_child([&] {
            give_time();
            const int fd = make([] { return socket(AF_INET, SOCK_STREAM, 0); });
            sockaddr_in address = listener.address;
            must(connect(fd, any(address), sizeof address), "connect");
        });
        const int fd = make([&] { return accept(listener.fd, nullptr, nullptr); });
        reap(child);
        drop(fd);
    }
    drop(listener.fd);
}

/// Two processes open the ends of a FIFO, the parent in turn before and after the child.
void fifo(long count) {
    for (long i = 0; i < count; ++i) {
        const FileName name("fifo", i);
        must(mkfifo(name.path(), 0600), "mkfifo");
        const bool late = i % 2 == 0;
        const int child = in_child([&] {
            if (late) give_time();
            drop(open_file(name.path(), O_WRONLY));
        });
        if (!late) give_time();
        const int fd = open_file(name.path(), O_RDONLY);
        reap(child);
        drop(fd);
    }
}

constexpr std::array kModes{
    Mode{"pairs", pairs}, Mode{"tcp", tcp},   Mode{"udp", udp},
    Mode{"scm", scm},     Mode{"fifo", fifo}, Mode{"accept-blocks", accept_blocks},
};

}  // namespace

std::span<const Mode> socket_modes() {
    return kModes;
}

}  // namespace fd_truth
