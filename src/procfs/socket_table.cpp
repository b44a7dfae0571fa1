#include <logfia/base/fields.hpp>
#include <logfia/event/socket_names.hpp>
#include <logfia/procfs/socket_table.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace logfia {
namespace {

struct TableTraits {
    const char* file;
    FdType type;
    int inode_field;  ///< counted from 0
};

constexpr std::array<TableTraits, kSocketTableCount> kTables{{
    {"unix", FdType::unix_socket, 6},
    {"netlink", FdType::netlink, 9},
    {"packet", FdType::packet, 8},
    {"icmp", FdType::icmp, 9},
    {"icmp6", FdType::icmp6, 9},
    {"raw", FdType::raw, 9},
    {"raw6", FdType::raw6, 9},
    {"udp", FdType::udp, 9},
    {"udp6", FdType::udp6, 9},
    {"udplite", FdType::udplite, 9},
    {"udplite6", FdType::udplite6, 9},
    {"tcp", FdType::tcp, 9},
    {"tcp6", FdType::tcp6, 9},
}};
static_assert(static_cast<std::size_t>(SocketTable::tcp6) + 1 == kSocketTableCount);

const TableTraits& traits(SocketTable table) {
    return kTables[static_cast<std::size_t>(table)];
}

bool skip_fields(std::string_view& rest, int count) {
    for (; count > 0; --count) {
        if (next_field(rest).empty()) return false;
    }
    return true;
}

/// "0100007F:1F90": 32-bit words in the machine's own byte order, which in memory are the address.
std::optional<Endpoint> parse_endpoint(std::string_view text, IpFamily family) {
    const std::size_t words = family == IpFamily::v4 ? 1 : 4;
    if (text.size() != words * 8 + 5 || text[words * 8] != ':') return std::nullopt;
    Endpoint endpoint;
    endpoint.address.family = family;
    for (std::size_t i = 0; i < words; ++i) {
        const auto word = parse_number<std::uint32_t>(text.substr(i * 8, 8), 16);
        if (!word) return std::nullopt;
        std::memcpy(endpoint.address.bytes.data() + i * 4, &*word, 4);
    }
    const auto port = parse_number<std::uint16_t>(text.substr(words * 8 + 1), 16);
    if (!port) return std::nullopt;
    endpoint.address = unmapped(endpoint.address);
    endpoint.port = *port;
    return endpoint;
}

bool is_nobody(const Endpoint& endpoint) {
    return endpoint.port == 0 && is_unspecified(endpoint.address);
}

/// The numbers are those of <netinet/tcp.h>, which SocketState follows; other protocols borrow two
/// of them, for "has a peer" and for "has none".
SocketState state_of(SocketTable table, std::uint8_t number, bool has_peer) {
    static_assert(static_cast<int>(SocketState::new_syn_recv) == 12);
    if (is_in(type_of(table), FdGroup::tcp)) {
        return number <= 12 ? static_cast<SocketState>(number) : SocketState::unknown;
    }
    return number == 1 && has_peer ? SocketState::established : SocketState::unknown;
}

std::string_view unix_kind(std::uint32_t type) {
    switch (type) {
        case SOCK_STREAM:
            return "stream";
        case SOCK_DGRAM:
            return "dgram";
        case SOCK_SEQPACKET:
            return "seqpacket";
        default:
            return {};
    }
}

bool is_six(SocketTable table) {
    return std::string_view(traits(table).file).back() == '6';
}

}  // namespace

const char* file_name(SocketTable table) {
    return traits(table).file;
}

FdType type_of(SocketTable table) {
    return traits(table).type;
}

std::optional<std::uint64_t> inode_of_row(SocketTable table, std::string_view row) {
    if (!skip_fields(row, traits(table).inode_field)) return std::nullopt;
    const auto inode = parse_number<std::uint64_t>(next_field(row));
    // The internet tables have more fields after the inode: without any, the number may have been
    // cut.
    const bool last = !is_in(type_of(table), FdGroup::internet);
    if (row.empty() && !last) return std::nullopt;
    return inode;
}

std::optional<SocketRow> parse_socket_row(SocketTable table, std::string_view row) {
    switch (table) {
        case SocketTable::unix_sockets:
            return parse_unix_row(row);
        case SocketTable::netlink:
            return parse_netlink_row(row);
        case SocketTable::packet:
            return parse_packet_row(row);
        default:
            return parse_inet_row(table, row);
    }
}

// "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 31037 1 …"
std::optional<SocketRow> parse_inet_row(SocketTable table, std::string_view row) {
    const auto inode = inode_of_row(table, row);
    const auto family = is_six(table) ? IpFamily::v6 : IpFamily::v4;
    const auto slot = next_field(row);
    const auto local = parse_endpoint(next_field(row), family);
    const auto remote = parse_endpoint(next_field(row), family);
    const auto state = parse_number<std::uint8_t>(next_field(row), 16);
    if (slot.empty() || slot.back() != ':' || !inode || !local || !remote || !state) {
        return std::nullopt;
    }
    SocketRow result{*inode, {}};
    result.info.local = *local;
    if (!is_nobody(*remote)) result.info.remote = *remote;
    result.info.state = state_of(table, *state, result.info.remote.has_value());
    return result;
}

// "00000000de3169d6: 00000003 00000000 00010000 0001 03 31037 /run/user/1000/bus"
std::optional<SocketRow> parse_unix_row(std::string_view row) {
    constexpr std::uint32_t kAcceptsConnections = 0x10000;  // __SO_ACCEPTCON, <linux/net.h>
    constexpr std::uint8_t kConnected = 3;                  // SS_CONNECTED, <linux/net.h>
    const auto number = next_field(row);
    const auto hex = [&row] { return parse_number<std::uint32_t>(next_field(row), 16); };
    const auto references = hex();
    const auto protocol = hex();
    const auto flags = hex();
    const auto type = hex();
    const auto state = hex();
    const auto inode = parse_number<std::uint64_t>(next_field(row));
    if (number.empty() || number.back() != ':' || !references || !protocol || !flags || !type ||
        !state || !inode) {
        return std::nullopt;
    }
    SocketRow result{*inode, {}};
    result.info.kind = unix_kind(*type);
    // A datagram socket that was connected to is marked so as well (unix_dgram_connect()).
    if (*state == kConnected && *type != SOCK_DGRAM) result.info.state = SocketState::established;
    if ((*flags & kAcceptsConnections) != 0) result.info.state = SocketState::listen;
    if (!row.empty()) result.info.path = row.substr(1);  // spaces beyond the first are its own
    return result;
}

// "00000000c397b6d6 16  4242       00000000 0        0        0     2        0        31040   "
std::optional<SocketRow> parse_netlink_row(std::string_view row) {
    const auto inode = inode_of_row(SocketTable::netlink, row);
    if (!skip_fields(row, 1)) return std::nullopt;
    const auto protocol = parse_number<std::uint32_t>(next_field(row));
    const auto port_id = parse_number<std::uint32_t>(next_field(row));
    if (!inode || !protocol || !port_id) return std::nullopt;
    SocketRow result{*inode, {}};
    result.info.protocol = netlink_protocol_name(*protocol);
    if (*port_id != 0) result.info.port_id = *port_id;
    return result;
}

// "00000000a1b2c3d4 3      3    0003   2     1 0      0      31042 "
std::optional<SocketRow> parse_packet_row(std::string_view row) {
    const auto inode = inode_of_row(SocketTable::packet, row);
    if (!skip_fields(row, 3)) return std::nullopt;
    const auto ethertype = next_field(row);
    const auto number = parse_number<std::uint16_t>(ethertype, 16);
    const auto interface = parse_number<std::uint32_t>(next_field(row));
    if (!inode || ethertype.size() != 4 || !number || !interface) return std::nullopt;
    SocketRow result{*inode, {}};
    result.info.protocol = ethertype_name(*number);
    if (*interface != 0) result.info.interface = *interface;
    return result;
}

}  // namespace logfia
