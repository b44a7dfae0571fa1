#include <logfia/event/socket_names.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace logfia {
namespace {

using Name = std::pair<std::string_view, FdType>;

constexpr std::array<Name, 19> kNames{{
    {"TCP", FdType::tcp},          {"TCPv6", FdType::tcp6},
    {"UDP", FdType::udp},          {"UDPv6", FdType::udp6},
    {"UDP-Lite", FdType::udplite}, {"UDPLITEv6", FdType::udplite6},
    {"RAW", FdType::raw},          {"RAWv6", FdType::raw6},
    {"PING", FdType::icmp},        {"PINGv6", FdType::icmp6},
    {"UNIX", FdType::unix_socket}, {"UNIX-STREAM", FdType::unix_socket},  // since Linux 5.15
    {"NETLINK", FdType::netlink},  {"PACKET", FdType::packet},
    {"AF_VSOCK", FdType::vsock},   {"MPTCP", FdType::mptcp},
    {"MPTCPv6", FdType::mptcp},    {"SCTP", FdType::sctp},
    {"SCTPv6", FdType::sctp},
}};

}  // namespace

SocketHint hint_of_protocol_name(std::string_view name) {
    const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                           [&](const Name& entry) { return entry.first == name; });
    if (found == kNames.end()) return {FdType::socket, family_of_protocol_name(name)};
    return {found->second};
}

SocketHint socket_type_hint(int proc_fd, const char* process, int fd) {
    // No system call before Linux 6.13 takes a directory for this; the magic link of our own
    // descriptor leads to the same one.
    char path[128];
    const int length =
        std::snprintf(path, sizeof path, "/proc/self/fd/%d/%s/fd/%d", proc_fd, process, fd);
    if (length < 0 || static_cast<std::size_t>(length) >= sizeof path) return {};
    char value[64];
    const auto size = ::getxattr(path, "system.sockprotoname", value, sizeof value);
    if (size <= 0) return {};
    // The kernel counts the NUL at its end (sockfs_xattr_get, net/socket.c).
    const std::string_view name(value, static_cast<std::size_t>(size));
    return hint_of_protocol_name(name.substr(0, name.find('\0')));
}

}  // namespace logfia
