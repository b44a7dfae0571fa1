#include "command.hpp"
#include "socket_address.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace fd_maker {
namespace {

constexpr int kMptcp = 262;  // IPPROTO_MPTCP; libc's headers are older than it

long port_of(const SocketAddress& address) {
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

long local_port(int fd) {
    SocketAddress address;
    if (getsockname(fd, &address.any, &address.size) < 0) return -1;
    return port_of(address);
}

Reply closed_after_failure(int fd) {
    const int code = errno;
    close(fd);
    return failed(code);
}

int family_from(const Words& words, std::size_t index = 1) {
    const std::string word = word_or(words, index, "4");
    if (word != "4" && word != "6") throw std::invalid_argument("4 or 6, not " + word);
    return word == "6" ? AF_INET6 : AF_INET;
}

int type_from(const Words& words, std::size_t index) {
    const std::string word = word_or(words, index, "stream");
    if (word == "stream") return SOCK_STREAM;
    if (word == "dgram") return SOCK_DGRAM;
    if (word == "seqpacket") return SOCK_SEQPACKET;
    throw std::invalid_argument("unknown socket type " + word);
}

Reply bound(int type, const SocketAddress& address) {
    const int fd = socket(address.any.sa_family, type, 0);
    if (fd < 0) return failed();
    if (bind(fd, &address.any, address.size) < 0) return closed_after_failure(fd);
    if (type != SOCK_DGRAM && listen(fd, SOMAXCONN) < 0) return closed_after_failure(fd);
    return address.any.sa_family == AF_UNIX ? ok({fd}) : ok({fd, local_port(fd)});
}

Reply connected(int type, const SocketAddress& address) {
    const int fd = socket(address.any.sa_family, type, 0);
    if (fd < 0) return failed();
    // EINPROGRESS: the caller asked for SOCK_NONBLOCK, and wants it half connected.
    if (connect(fd, &address.any, address.size) < 0 && errno != EINPROGRESS)
        return closed_after_failure(fd);
    return address.any.sa_family == AF_UNIX ? ok({fd}) : ok({fd, local_port(fd)});
}

Reply tcp_listen(const Words& words) {
    return bound(SOCK_STREAM,
                 internet_address(word_or(words, 1, "127.0.0.1"), number(word_or(words, 2, "0"))));
}
Reply tcp_connect(const Words& words) {
    const int nonblock = words.size() > 3 ? SOCK_NONBLOCK : 0;
    return connected(SOCK_STREAM | nonblock, internet_address(words[1], number(words[2])));
}
Reply udp_bind(const Words& words) {
    return bound(SOCK_DGRAM,
                 internet_address(word_or(words, 1, "127.0.0.1"), number(word_or(words, 2, "0"))));
}
Reply udp_connect(const Words& words) {
    return connected(SOCK_DGRAM, internet_address(words[1], number(words[2])));
}
Reply unix_listen(const Words& words) {
    return bound(type_from(words, 2), unix_address(words[1]));
}
Reply unix_connect(const Words& words) {
    return connected(type_from(words, 2), unix_address(words[1]));
}

Reply accept_one(const Words& words) {
    SocketAddress peer;
    const int fd = accept(descriptor(words[1]), &peer.any, &peer.size);
    if (fd < 0) return failed();
    return peer.any.sa_family == AF_UNIX ? ok({fd}) : ok({fd, port_of(peer)});
}

Reply connect_fd(const Words& words) {
    const auto address = internet_address(words[2], number(words[3]));
    if (connect(descriptor(words[1]), &address.any, address.size) < 0 && errno != EINPROGRESS)
        return failed();
    return ok({descriptor(words[1]), local_port(descriptor(words[1]))});
}

Reply bind_fd(const Words& words) {
    const auto address = internet_address(words[2], number(word_or(words, 3, "0")));
    if (bind(descriptor(words[1]), &address.any, address.size) < 0) return failed();
    return ok({descriptor(words[1]), local_port(descriptor(words[1]))});
}

Reply listen_fd(const Words& words) {
    const int backlog = descriptor(word_or(words, 2, std::to_string(SOMAXCONN)));
    if (listen(descriptor(words[1]), backlog) < 0) return failed();
    return ok({descriptor(words[1]), local_port(descriptor(words[1]))});
}

Reply shutdown_fd(const Words& words) {
    return shutdown(descriptor(words[1]), SHUT_WR) < 0 ? failed() : ok();
}

Reply socket_pair(const Words& words) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, type_from(words, 1), 0, ends.data()) < 0) return failed();
    return ok({ends[0], ends[1]});
}

Reply tcp_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_STREAM, 0));
}
Reply udp_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_DGRAM, 0));
}
Reply udplite_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_DGRAM, IPPROTO_UDPLITE));
}
Reply raw_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_RAW, IPPROTO_UDP));
}
Reply icmp_socket(const Words& words) {
    const int family = family_from(words);
    return opened(
        socket(family, SOCK_DGRAM, family == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6}));
}
Reply mptcp_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_STREAM, kMptcp));
}
Reply sctp_socket(const Words& words) {
    return opened(socket(family_from(words), SOCK_STREAM, IPPROTO_SCTP));
}
Reply unix_socket(const Words& words) {
    return opened(socket(AF_UNIX, type_from(words, 1), 0));
}
Reply packet_socket(const Words&) {
    return opened(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
}
Reply vsock_socket(const Words&) {
    return opened(socket(AF_VSOCK, SOCK_STREAM, 0));
}

Reply netlink_socket(const Words& words) {
    struct Protocol {
        std::string_view name;
        int value;
    };
    constexpr std::array protocols{
        Protocol{"route", NETLINK_ROUTE},          Protocol{"sock_diag", NETLINK_SOCK_DIAG},
        Protocol{"audit", NETLINK_AUDIT},          Protocol{"netfilter", NETLINK_NETFILTER},
        Protocol{"generic", NETLINK_GENERIC},      Protocol{"xfrm", NETLINK_XFRM},
        Protocol{"uevent", NETLINK_KOBJECT_UEVENT}};
    const std::string wanted = word_or(words, 1, "route");
    int value = -1;
    for (const Protocol& protocol : protocols)
        if (protocol.name == wanted) value = protocol.value;
    if (value < 0) value = descriptor(wanted);
    return opened(socket(AF_NETLINK, SOCK_RAW, value));
}

constexpr std::array kCommands{
    Command{"socketpair", "[stream|dgram|seqpacket]", 0, 1, socket_pair},
    Command{"unix-socket", "[stream|dgram|seqpacket]", 0, 1, unix_socket},
    Command{"unix-listen", "PATH|@ABSTRACT [stream|dgram|seqpacket]", 1, 2, unix_listen},
    Command{"unix-connect", "PATH|@ABSTRACT [stream|dgram|seqpacket]", 1, 2, unix_connect},
    Command{"accept", "FD", 1, 1, accept_one},
    Command{"tcp-listen", "[ADDR [PORT]] (FD PORT)", 0, 2, tcp_listen},
    Command{"tcp-connect", "ADDR PORT [nonblock] (FD LOCAL-PORT)", 2, 3, tcp_connect},
    Command{"tcp-accept", "FD (FD PEER-PORT)", 1, 1, accept_one},
    Command{"tcp-socket", "[4|6]", 0, 1, tcp_socket},
    Command{"connect", "FD ADDR PORT (FD LOCAL-PORT)", 3, 3, connect_fd},
    Command{"bind", "FD ADDR [PORT] (FD LOCAL-PORT)", 2, 3, bind_fd},
    Command{"listen", "FD [BACKLOG] (FD LOCAL-PORT)", 1, 2, listen_fd},
    Command{"shutdown", "FD", 1, 1, shutdown_fd},
    Command{"udp", "[4|6]", 0, 1, udp_socket},
    Command{"udp-bind", "[ADDR [PORT]] (FD PORT)", 0, 2, udp_bind},
    Command{"udp-connect", "ADDR PORT (FD LOCAL-PORT)", 2, 2, udp_connect},
    Command{"udplite", "[4|6]", 0, 1, udplite_socket},
    Command{"raw", "[4|6]", 0, 1, raw_socket},
    Command{"icmp", "[4|6]", 0, 1, icmp_socket},
    Command{"netlink", "[route|generic|…|NUMBER]", 0, 1, netlink_socket},
    Command{"packet", "", 0, 0, packet_socket},
    Command{"vsock", "", 0, 0, vsock_socket},
    Command{"mptcp", "[4|6]", 0, 1, mptcp_socket},
    Command{"sctp", "[4|6]", 0, 1, sctp_socket},
};

}  // namespace

std::span<const Command> socket_commands() {
    return kCommands;
}

}  // namespace fd_maker
