// Changes of the state of open sockets, and sockets of the rarer families.

#include "command.hpp"
#include "socket_address.hpp"

#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace fd_maker {
namespace {

/// As in <linux/ipv6.h>, which does not go with <netinet/in.h>.
struct AddressRequest {
    in6_addr address;
    std::uint32_t prefix_length;
    int interface;
};

/// struct in6_rtmsg of <linux/ipv6_route.h>, likewise.
struct RouteRequest {
    in6_addr destination{};
    in6_addr source{};
    in6_addr gateway{};
    std::uint32_t type = 0;
    std::uint16_t destination_length = 0;
    std::uint16_t source_length = 0;
    std::uint32_t metric = 1;
    unsigned long info = 0;
    std::uint32_t flags = 1;  // RTF_UP
    int interface = 0;
};

Reply done(int result) {
    return result < 0 ? failed() : ok();
}

Reply linger_fd(const Words& words) {
    const linger value{1, descriptor(words[2])};
    return done(setsockopt(descriptor(words[1]), SOL_SOCKET, SO_LINGER, &value, sizeof value));
}

Reply set_buffer(const Words& words) {
    const int option = words[2] == "send" ? SO_SNDBUF : SO_RCVBUF;
    const int bytes = descriptor(words[3]);
    return done(setsockopt(descriptor(words[1]), SOL_SOCKET, option, &bytes, sizeof bytes));
}

/// A datagram socket without a peer again.
Reply disconnect_fd(const Words& words) {
    const sockaddr nobody{};
    return done(connect(descriptor(words[1]), &nobody, sizeof nobody));
}

Reply send_bytes(const Words& words) {
    const std::vector<char> bytes(static_cast<std::size_t>(number(words[2])), 'x');
    const ssize_t sent = send(descriptor(words[1]), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? failed() : ok({sent});
}

Reply receive_bytes(const Words& words) {
    std::vector<char> bytes(static_cast<std::size_t>(number(words[2])));
    const ssize_t got = recv(descriptor(words[1]), bytes.data(), bytes.size(), MSG_WAITALL);
    return got < 0 ? failed() : ok({got});
}

/// A page of memory that does not arrive: access to it blocks until `faults` is closed.
struct Nowhere {
    int faults = -1;  ///< -1: the kernel does not let us, see errno
    void* memory = MAP_FAILED;
    std::size_t size = 0;

    /// Waits until some thread is blocked by the page.
    [[nodiscard]] bool is_waited_for() const {
        std::array<char, sizeof(uffd_msg)> fault{};
        return read(faults, fault.data(), fault.size()) >= 0;
    }
};

Nowhere make_nowhere() {
    Nowhere page;
    page.size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const int faults = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
    if (faults < 0) return page;
    uffdio_api api{UFFD_API, 0, 0};
    page.memory =
        mmap(nullptr, page.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register range{};
    range.range = {reinterpret_cast<std::uintptr_t>(page.memory), page.size};
    range.mode = UFFDIO_REGISTER_MODE_MISSING;
    if (page.memory != MAP_FAILED && ioctl(faults, UFFDIO_API, &api) == 0 &&
        ioctl(faults, UFFDIO_REGISTER, &range) == 0)
        page.faults = faults;
    return page;
}

/// A thread sends from such a page, and so keeps the socket's lock.
Reply send_from_nowhere(const Words& words) {
    const Nowhere page = make_nowhere();
    if (page.faults < 0) return failed();
    const int fd = descriptor(words[1]);
    std::thread([fd, page] { send(fd, page.memory, page.size, MSG_NOSIGNAL); }).detach();
    return page.is_waited_for() ? ok({page.faults}) : failed();
}

/// A thread has its events written to such a page, and so keeps the epoll's lock.
Reply epoll_to_nowhere(const Words& words) {
    const Nowhere page = make_nowhere();
    if (page.faults < 0) return failed();
    const int fd = descriptor(words[1]);
    std::thread([fd, page] {
        epoll_wait(fd, static_cast<epoll_event*>(page.memory), 1, -1);
    }).detach();
    return page.is_waited_for() ? ok({page.faults}) : failed();
}

Reply bind_netlink(const Words& words) {
    SocketAddress address;
    address.netlink.nl_family = AF_NETLINK;
    address.netlink.nl_pid = static_cast<std::uint32_t>(number(word_or(words, 2, "0")));
    return done(bind(descriptor(words[1]), &address.any, sizeof address.netlink));
}

Reply bind_packet(const Words& words) {
    SocketAddress address;
    address.packet.sll_family = AF_PACKET;
    address.packet.sll_ifindex = static_cast<int>(if_nametoindex(words[2].c_str()));
    if (address.packet.sll_ifindex == 0) return failed();
    return done(bind(descriptor(words[1]), &address.any, sizeof address.packet));
}

SocketAddress vsock_address(const std::string& cid, const std::string& port) {
    SocketAddress address;
    address.vm.svm_family = AF_VSOCK;
    address.vm.svm_cid = static_cast<std::uint32_t>(number(cid));
    address.vm.svm_port = static_cast<std::uint32_t>(number(port));
    address.size = sizeof address.vm;
    return address;
}

Reply bind_vsock(const Words& words) {
    const SocketAddress address = vsock_address(words[2], words[3]);
    return done(bind(descriptor(words[1]), &address.any, address.size));
}

Reply connect_vsock(const Words& words) {
    const SocketAddress address = vsock_address(words[2], words[3]);
    return done(connect(descriptor(words[1]), &address.any, address.size));
}

Reply alg_socket(const Words&) {
    return opened(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

/// In a network namespace of our own, where the loopback is down at first.
Reply bring_up(const Words& words) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, words[1].c_str(), sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP;
    const Reply reply = done(ioctl(fd, SIOCSIFFLAGS, &request));
    close(fd);
    return reply;
}

Reply rename_link(const Words& words) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, words[1].c_str(), sizeof request.ifr_name - 1);
    std::strncpy(request.ifr_newname, words[2].c_str(), sizeof request.ifr_newname - 1);
    const Reply reply = done(ioctl(fd, SIOCSIFNAME, &request));
    close(fd);
    return reply;
}

/// The kernel calls a new address tentative for a moment (addrconf_dad_work(),
/// net/ipv6/addrconf.c), and no socket can bind to it. Waits until that is over, for five seconds
/// at most.
int wait_until_usable(int fd, const SocketAddress& address) {
    int result = bind(fd, &address.any, address.size);
    for (int tries = 0; result < 0 && errno == EADDRNOTAVAIL && tries < 5000; ++tries) {
        poll(nullptr, 0, 1);
        result = bind(fd, &address.any, address.size);
    }
    return result;
}

Reply add_address(const Words& words) {
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    const SocketAddress address = internet_address(words[2] + '%' + words[1], 0);
    AddressRequest request{address.v6.sin6_addr, 64,
                           static_cast<int>(if_nametoindex(words[1].c_str()))};
    int result = ioctl(fd, SIOCSIFADDR, &request);
    if (result == 0) result = wait_until_usable(fd, address);
    const Reply reply = done(result);
    close(fd);
    return reply;
}

Reply add_route(const Words& words) {
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    RouteRequest request;
    request.destination = internet_address(words[2], 0).v6.sin6_addr;
    request.destination_length = static_cast<std::uint16_t>(number(words[3]));
    request.interface = static_cast<int>(if_nametoindex(words[1].c_str()));
    const Reply reply = done(ioctl(fd, SIOCADDRT, &request));
    close(fd);
    return reply;
}

/// A message over a unix socket with room for one descriptor (unix(7)).
struct Parcel {
    char byte = 'x';
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};

    Parcel() {
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
};

Reply hand_over(const Words& words) {
    Parcel parcel;
    cmsghdr* const head = CMSG_FIRSTHDR(&parcel.message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = descriptor(words[2]);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return done(static_cast<int>(sendmsg(descriptor(words[1]), &parcel.message, MSG_NOSIGNAL)));
}

Reply take_over(const Words& words) {
    Parcel parcel;
    if (recvmsg(descriptor(words[1]), &parcel.message, 0) < 0) return failed();
    const cmsghdr* const head = CMSG_FIRSTHDR(&parcel.message);
    if (head == nullptr || head->cmsg_type != SCM_RIGHTS) return failed(ENOMSG);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return opened(fd);
}

constexpr std::array kCommands{
    Command{"hand-over", "UNIX-SOCKET FD", 2, 2, hand_over},
    Command{"take-over", "UNIX-SOCKET (FD)", 1, 1, take_over},
    Command{"linger", "FD SECONDS", 2, 2, linger_fd},
    Command{"buffer", "FD send|receive BYTES", 3, 3, set_buffer},
    Command{"disconnect", "FD", 1, 1, disconnect_fd},
    Command{"send", "FD COUNT (SENT)", 2, 2, send_bytes},
    Command{"receive", "FD COUNT (GOT)", 2, 2, receive_bytes},
    Command{"send-from-nowhere", "FD (USERFAULTFD)", 1, 1, send_from_nowhere},
    Command{"epoll-to-nowhere", "EPOLL (USERFAULTFD)", 1, 1, epoll_to_nowhere},
    Command{"netlink-bind", "FD [PORT-ID]", 1, 2, bind_netlink},
    Command{"packet-bind", "FD INTERFACE", 2, 2, bind_packet},
    Command{"vsock-bind", "FD CID PORT", 3, 3, bind_vsock},
    Command{"vsock-connect", "FD CID PORT", 3, 3, connect_vsock},
    Command{"alg", "", 0, 0, alg_socket},
    Command{"link-up", "INTERFACE", 1, 1, bring_up},
    Command{"link-name", "INTERFACE NAME", 2, 2, rename_link},
    Command{"add-route6", "INTERFACE ADDR BITS", 3, 3, add_route},
    Command{"add-address6", "INTERFACE ADDR", 2, 2, add_address},
};

}  // namespace

std::span<const Command> socket_state_commands() {
    return kCommands;
}

}  // namespace fd_maker
