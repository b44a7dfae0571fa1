#include <logfia/event/socket_names.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/link_zones.hpp>
#include <logfia/socket/socket_answer.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace logfia {
namespace {

// The C library's headers may be too old for these (<asm-generic/socket.h>, <linux/in.h>).
constexpr int kBindToIfindex = 62;  // SO_BINDTOIFINDEX, since Linux 5.1
constexpr int kPeerPidfd = 77;      // SO_PEERPIDFD, since Linux 6.5
constexpr int kMptcp = 262;         // IPPROTO_MPTCP

template <class Value>
std::optional<Value> option(int fd, int level, int name) {
    Value value{};
    socklen_t size = sizeof value;
    if (getsockopt(fd, level, name, &value, &size) != 0) return std::nullopt;
    return value;
}

/// A socket address of any family, as the calls fill it in.
struct SocketAddress {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un un;
        sockaddr_nl netlink;
        sockaddr_ll packet;
        sockaddr_vm vm;
        sockaddr_storage storage{};
    };
    socklen_t size = sizeof(sockaddr_storage);
};

std::optional<SocketAddress> own_address(int fd) {
    SocketAddress address;
    if (getsockname(fd, &address.any, &address.size) != 0) return std::nullopt;
    return address;
}

std::optional<SocketAddress> peer_address(int fd) {
    SocketAddress address;
    if (getpeername(fd, &address.any, &address.size) != 0) return std::nullopt;
    return address;
}

/// Unlike getpeername(2), the option returns the peer of a connection that is still being made
/// (inet_getname(), net/ipv4/af_inet.c). The size must be exact.
std::optional<SocketAddress> internet_peer(int fd, int domain) {
    SocketAddress address;
    address.size = domain == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &address.storage, &address.size) != 0)
        return std::nullopt;
    return address;
}

/// Asks the socket, whose network namespace need not be ours (sock_ioctl(), net/socket.c).
std::string interface_name(int fd, std::uint32_t index) {
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(index);
    if (ioctl(fd, SIOCGIFNAME, &request) != 0) return {};
    return {request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name)};
}

std::string zone_of(int fd, std::uint32_t scope) {
    return scope == 0 ? std::string() : zone_text(interface_name(fd, scope), scope);
}

/// Absent for no address, which is `0.0.0.0:0` or `[::]:0`.
std::optional<Endpoint> endpoint_of(int fd, const SocketAddress& address) {
    Endpoint endpoint;
    if (address.any.sa_family == AF_INET) {
        std::memcpy(endpoint.address.bytes.data(), &address.v4.sin_addr, 4);
        endpoint.port = ntohs(address.v4.sin_port);
    } else if (address.any.sa_family == AF_INET6) {
        endpoint.address.family = IpFamily::v6;
        std::memcpy(endpoint.address.bytes.data(), &address.v6.sin6_addr, 16);
        endpoint.address = unmapped(endpoint.address);
        endpoint.port = ntohs(address.v6.sin6_port);
        if (needs_zone(endpoint.address)) endpoint.zone = zone_of(fd, address.v6.sin6_scope_id);
    }
    if (endpoint.port == 0 && is_unspecified(endpoint.address)) return std::nullopt;
    return endpoint;
}

FdType internet_type(int domain, int type, int protocol) {
    const bool six = domain == AF_INET6;
    if (type == SOCK_RAW) return six ? FdType::raw6 : FdType::raw;
    switch (protocol) {
        case IPPROTO_TCP:
            return six ? FdType::tcp6 : FdType::tcp;
        case IPPROTO_UDP:
            return six ? FdType::udp6 : FdType::udp;
        case IPPROTO_UDPLITE:
            return six ? FdType::udplite6 : FdType::udplite;
        case IPPROTO_ICMP:
            return FdType::icmp;
        case IPPROTO_ICMPV6:
            return FdType::icmp6;
        case IPPROTO_SCTP:
            return FdType::sctp;
        case kMptcp:
            return FdType::mptcp;
        default:
            return FdType::socket;
    }
}

bool accepts_connections(int fd) {
    return option<int>(fd, SOL_SOCKET, SO_ACCEPTCONN).value_or(0) != 0;
}

SocketState state_of(int fd, bool has_peer) {
    if (has_peer) return SocketState::established;
    return accepts_connections(fd) ? SocketState::listen : SocketState::unknown;
}

/// A socket that connects gets an address of its own, but a datagram socket may be bound to one
/// without any peer.
bool may_have_a_hidden_peer(FdType type, const SocketInfo& info) {
    if (info.remote) return false;
    if (is_in(type, FdGroup::tcp)) return info.state == SocketState::syn_sent;
    return is_in(type, FdGroup::datagram) && info.local && !is_unspecified(info.local->address);
}

void mark_hidden_peer(int fd, int domain, SocketAnswer& answer) {
    answer.peer_may_be_hidden = may_have_a_hidden_peer(answer.type, answer.info);
    if (!answer.peer_may_be_hidden || domain != AF_INET6) return;
    const int interface = option<int>(fd, SOL_SOCKET, kBindToIfindex).value_or(0);
    if (interface > 0) answer.zone = zone_of(fd, static_cast<std::uint32_t>(interface));
}

void ask_internet(int fd, int domain, TcpDetails tcp, SocketAnswer& answer) {
    const int protocol = option<int>(fd, SOL_SOCKET, SO_PROTOCOL).value_or(-1);
    // A raw socket may have TCP's protocol, but knows nothing of TCP_INFO.
    const auto status = protocol == IPPROTO_TCP ? ask_tcp_status(fd) : std::nullopt;
    const int type = status ? SOCK_STREAM : option<int>(fd, SOL_SOCKET, SO_TYPE).value_or(-1);
    answer.type = internet_type(domain, type, protocol);
    if (answer.type == FdType::socket) answer.info.family = address_family_name(domain);
    if (const auto own = own_address(fd)) answer.info.local = endpoint_of(fd, *own);
    if (const auto peer = internet_peer(fd, domain)) answer.info.remote = endpoint_of(fd, *peer);
    if (!is_in(answer.type, FdGroup::tcp)) {
        answer.info.state = state_of(fd, answer.info.remote.has_value());
        return mark_hidden_peer(fd, domain, answer);
    }
    if (status) answer.info.state = status->state;
    mark_hidden_peer(fd, domain, answer);
    if (tcp == TcpDetails::left_out) return;
    if (status) answer.totals = status->totals;
    answer.cookie = option<std::uint64_t>(fd, SOL_SOCKET, SO_COOKIE).value_or(0);
}

/// A path ends at its NUL; an abstract name begins with one and may hold more (unix(7)).
std::string unix_path(const SocketAddress& address) {
    if (address.size <= offsetof(sockaddr_un, sun_path)) return {};
    const std::size_t length =
        std::min<std::size_t>(address.size, sizeof(sockaddr_un)) - offsetof(sockaddr_un, sun_path);
    std::string path(address.un.sun_path, length);
    if (path.front() == '\0')
        path.front() = '@';
    else
        path.resize(strnlen(path.data(), length));
    return path;
}

void ask_unix(int fd, SocketAnswer& answer) {
    answer.type = FdType::unix_socket;
    switch (option<int>(fd, SOL_SOCKET, SO_TYPE).value_or(-1)) {
        case SOCK_STREAM:
            answer.info.kind = "stream";
            break;
        case SOCK_DGRAM:
            answer.info.kind = "dgram";
            break;
        case SOCK_SEQPACKET:
            answer.info.kind = "seqpacket";
            break;
        default:
            break;
    }
    if (const auto own = own_address(fd)) answer.info.path = unix_path(*own);
    const auto peer = peer_address(fd);
    answer.info.state = state_of(fd, peer.has_value());
    if (!peer) return;
    answer.info.peer_path = unix_path(*peer);
    if (const auto who = option<ucred>(fd, SOL_SOCKET, SO_PEERCRED); who && who->pid > 0)
        answer.info.peer = PeerProcess{who->pid, {}, true};
}

void ask_netlink(int fd, SocketAnswer& answer) {
    answer.type = FdType::netlink;
    if (const auto protocol = option<int>(fd, SOL_SOCKET, SO_PROTOCOL))
        answer.info.protocol = netlink_protocol_name(static_cast<std::uint32_t>(*protocol));
    const auto own = own_address(fd);
    if (own && own->netlink.nl_pid != 0) answer.info.port_id = own->netlink.nl_pid;
}

void ask_packet(int fd, SocketAnswer& answer) {
    answer.type = FdType::packet;
    const auto own = own_address(fd);
    if (!own) return;
    answer.info.protocol = ethertype_name(ntohs(own->packet.sll_protocol));
    if (own->packet.sll_ifindex <= 0) return;
    answer.info.interface = static_cast<std::uint32_t>(own->packet.sll_ifindex);
    answer.info.interface_name = interface_name(fd, *answer.info.interface);
}

void ask_vsock(int fd, SocketAnswer& answer) {
    answer.type = FdType::vsock;
    const auto own = own_address(fd);
    if (own && own->vm.svm_port != VMADDR_PORT_ANY)
        answer.info.local_vsock = VsockAddress{own->vm.svm_cid, own->vm.svm_port};
    const auto peer = peer_address(fd);
    if (peer) answer.info.remote_vsock = VsockAddress{peer->vm.svm_cid, peer->vm.svm_port};
    answer.info.state = state_of(fd, peer.has_value());
}

bool is_connected(SocketState state) {
    return state != SocketState::unknown && state != SocketState::syn_sent &&
           state != SocketState::listen && state != SocketState::new_syn_recv;
}

}  // namespace

bool has_seen_the_end(SocketState state) {
    return state == SocketState::close_wait || state == SocketState::last_ack ||
           state == SocketState::closing;
}

std::optional<TcpTotals> tcp_totals_of(TcpInfoBytes bytes, SocketState state) {
    // The kernel's struct grows from version to version; these came last, in 4.19.
    constexpr std::size_t kNeeded = offsetof(tcp_info, tcpi_bytes_retrans) + sizeof(__u64);
    if (bytes.size < kNeeded || !is_connected(state)) return std::nullopt;
    tcp_info info{};
    std::memcpy(&info, bytes.info, std::min(bytes.size, sizeof info));
    TcpTotals totals;
    totals.bytes_sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
    totals.bytes_received = info.tcpi_bytes_received;
    if (has_seen_the_end(state) && totals.bytes_received > 0) --totals.bytes_received;
    totals.data_segments_received = info.tcpi_data_segs_in;
    if (info.tcpi_data_segs_in == 0) totals.bytes_received = 0;
    totals.retransmits = info.tcpi_total_retrans;
    totals.round_trip = std::chrono::microseconds(info.tcpi_rtt);
    return totals;
}

std::optional<TcpStatus> ask_tcp_status(int fd) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    constexpr auto kLast = static_cast<std::uint8_t>(SocketState::new_syn_recv);
    const SocketState state =
        info.tcpi_state <= kLast ? static_cast<SocketState>(info.tcpi_state) : SocketState::unknown;
    return TcpStatus{state, tcp_totals_of({&info, size}, state)};
}

SocketAnswer ask_socket(int fd, int domain, TcpDetails tcp) {
    SocketAnswer answer;
    switch (domain) {
        case AF_INET:
        case AF_INET6:
            ask_internet(fd, domain, tcp, answer);
            break;
        case AF_UNIX:
            ask_unix(fd, answer);
            break;
        case AF_NETLINK:
            ask_netlink(fd, answer);
            break;
        case AF_PACKET:
            ask_packet(fd, answer);
            break;
        case AF_VSOCK:
            ask_vsock(fd, answer);
            break;
        default:
            answer.info.family = address_family_name(domain);
    }
    return answer;
}

std::optional<PeerProcess> unix_peer(int fd, std::int32_t pid, int proc_fd) {
    PeerProcess peer{pid, {}, true};
    const auto pidfd = option<int>(fd, SOL_SOCKET, kPeerPidfd);
    if (!pidfd) return errno == ENOPROTOOPT ? std::optional(peer) : std::nullopt;
    const UniqueFd process(*pidfd);
    std::array<char, 32> path{};
    fmt::format_to_n(path.data(), path.size() - 1, "{}/comm", peer.pid);
    std::array<char, 64> buffer;
    std::string_view comm = read_piece(proc_fd, path.data(), buffer);
    if (comm.ends_with('\n')) comm.remove_suffix(1);
    // The process has not ended, so the PID was its own while the name was read.
    pollfd request{process.get(), POLLIN, 0};
    if (poll(&request, 1, 0) != 0) return std::nullopt;
    peer.comm = comm;
    return peer;
}

}  // namespace logfia
