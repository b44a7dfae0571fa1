#pragma once

#include <logfia/event/event.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

/// The files of `/proc/N/net` that list sockets (proc_pid_net(5)), cheapest first: those of TCP
/// walk a hash table of up to 262,144 buckets, about 1 ms each when nobody has a connection.
enum class SocketTable : std::uint8_t {
    unix_sockets,
    netlink,
    packet,
    icmp,
    icmp6,
    raw,
    raw6,
    udp,
    udp6,
    udplite,
    udplite6,
    tcp,
    tcp6,
};
inline constexpr std::size_t kSocketTableCount = 13;

/// `tcp6`: below `/proc/N/net`.
const char* file_name(SocketTable table);
/// A socket as it is listed there.
FdType type_of(SocketTable table);

struct SocketRow {
    std::uint64_t inode = 0;
    SocketInfo info;
};

/// The inode of a row, without parsing the rest: most rows of a table are of no interest. Absent
/// when there is no number in its place, or nothing after it where something must follow.
std::optional<std::uint64_t> inode_of_row(SocketTable table, std::string_view row);

/// A row without its newline; absent when it is malformed (a table's heading is). The parsers
/// below, each for its files.
std::optional<SocketRow> parse_socket_row(SocketTable table, std::string_view row);

/// Rows of tcp to icmp6 (tcp4_seq_show in net/ipv4/tcp_ipv4.c and its counterparts). An IPv4-mapped
/// address is returned as the IPv4 one. `remote` is absent for 0.0.0.0:0 and [::]:0. The port of
/// raw sockets is the protocol's number, that of icmp the identifier, as in getsockname(2).
std::optional<SocketRow> parse_inet_row(SocketTable table, std::string_view row);

/// Rows of unix_seq_show in net/unix/af_unix.c. A newline in a path ends its row: the rest comes as
/// a row of its own, which may even look valid.
std::optional<SocketRow> parse_unix_row(std::string_view row);

/// netlink_native_seq_show in net/netlink/af_netlink.c.
std::optional<SocketRow> parse_netlink_row(std::string_view row);

/// packet_seq_show in net/packet/af_packet.c.
std::optional<SocketRow> parse_packet_row(std::string_view row);

}  // namespace logfia
