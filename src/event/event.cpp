#include <logfia/event/event.hpp>

#include <array>

namespace logfia {
namespace {

template <class Enum, std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
    return names[static_cast<std::size_t>(value)];
}

constexpr std::array<std::string_view, 6> kEventNames{"lost",   "close",   "open",
                                                      "rename", "connect", "listen"};
constexpr std::array<std::string_view, 5> kAccessNames{"", "r", "w", "rw", "path"};
constexpr std::array<std::string_view, 40> kTypeNames{
    "",           "file",     "directory", "symlink",   "block",    "char",
    "tty",        "fifo",     "pipe",      "memfd",     "tcp",      "tcp6",
    "udp",        "udp6",     "udplite",   "udplite6",  "raw",      "raw6",
    "icmp",       "icmp6",    "unix",      "netlink",   "packet",   "vsock",
    "mptcp",      "sctp",     "socket",    "eventfd",   "epoll",    "inotify",
    "fanotify",   "signalfd", "timerfd",   "pidfd",     "io_uring", "userfaultfd",
    "perf_event", "bpf",      "namespace", "anon_inode"};
static_assert(kTypeNames.size() == static_cast<std::size_t>(FdType::anon_inode) + 1);

}  // namespace

std::string_view to_string(EventKind kind) {
    return name_of(kEventNames, kind);
}
std::string_view to_string(FdType type) {
    return name_of(kTypeNames, type);
}
std::string_view to_string(Access access) {
    return name_of(kAccessNames, access);
}

bool is_socket(FdType type) {
    return type >= FdType::tcp && type <= FdType::socket;
}

bool is_internet(FdType type) {
    return (type >= FdType::tcp && type <= FdType::icmp6) || type == FdType::mptcp ||
           type == FdType::sctp;
}

bool is_tcp(FdType type) {
    return type == FdType::tcp || type == FdType::tcp6;
}

bool is_datagram(FdType type) {
    return type >= FdType::udp && type <= FdType::icmp6;
}

bool is_bound(FdType type, const SocketInfo& socket) {
    if (!socket.local) return false;
    // The port of a raw socket is its protocol, which says nothing of being bound.
    const bool raw = type == FdType::raw || type == FdType::raw6;
    return raw ? !is_unspecified(socket.local->address) : socket.local->port != 0;
}

std::string_view state_name(FdType type, const SocketInfo& socket) {
    if (socket.outdated) return {};
    if (is_tcp(type)) return to_string(socket.state);
    if (!is_datagram(type)) return {};
    if (socket.remote) return "connected";
    return is_bound(type, socket) ? "bound" : "unconnected";
}

bool is_real_file(FdType type) {
    return type == FdType::file || type == FdType::directory;
}

}  // namespace logfia
