#include <logfia/event/socket_names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace logfia {
namespace {

// NETLINK_* of <linux/netlink.h>; an empty name stands for a number that is not in use.
constexpr std::array<std::string_view, 23> kNetlinkProtocols{
    "route",         "unused",   "usersock", "firewall",       "sock_diag",  "nflog",
    "xfrm",          "selinux",  "iscsi",    "audit",          "fib_lookup", "connector",
    "netfilter",     "ip6_fw",   "dnrtmsg",  "kobject_uevent", "generic",    "",
    "scsitransport", "ecryptfs", "rdma",     "crypto",         "smc"};

// AF_* of <linux/socket.h>, in their order.
constexpr std::array<std::string_view, 46> kFamilies{
    "",        "unix",    "inet",    "ax25",   "ipx",        "appletalk", "netrom",   "bridge",
    "atmpvc",  "x25",     "inet6",   "rose",   "decnet",     "netbeui",   "security", "key",
    "netlink", "packet",  "ash",     "econet", "atmsvc",     "rds",       "sna",      "irda",
    "pppox",   "wanpipe", "llc",     "ib",     "mpls",       "can",       "tipc",     "bluetooth",
    "iucv",    "rxrpc",   "isdn",    "phonet", "ieee802154", "caif",      "alg",      "nfc",
    "vsock",   "kcm",     "qipcrtr", "smc",    "xdp",        "mctp"};

// The kernel's `struct proto` of families that have one of their own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kProtocols{{
    {"ALG", "alg"},       {"BNEP", "bluetooth"}, {"CAN_BCM", "can"},     {"CAN_ISOTP", "can"},
    {"CAN_RAW", "can"},   {"CMTP", "bluetooth"}, {"HCI", "bluetooth"},   {"HIDP", "bluetooth"},
    {"ISO", "bluetooth"}, {"KCM", "kcm"},        {"KEY", "key"},         {"L2CAP", "bluetooth"},
    {"MCTP", "mctp"},     {"PPPOX", "pppox"},    {"QIPCRTR", "qipcrtr"}, {"RFCOMM", "bluetooth"},
    {"RXRPC", "rxrpc"},   {"SCO", "bluetooth"},  {"TIPC", "tipc"},       {"XDP", "xdp"},
}};

}  // namespace

std::string netlink_protocol_name(std::uint32_t protocol) {
    if (protocol < kNetlinkProtocols.size() && !kNetlinkProtocols[protocol].empty())
        return std::string(kNetlinkProtocols[protocol]);
    return fmt::format("{}", protocol);
}

std::string ethertype_name(std::uint16_t ethertype) {
    return fmt::format("0x{:04x}", ethertype);
}

std::string_view address_family_name(int family) {
    const auto index = static_cast<std::size_t>(family);
    return index < kFamilies.size() ? kFamilies[index] : std::string_view();
}

std::string_view family_of_protocol_name(std::string_view name) {
    const auto* const found =
        std::find_if(kProtocols.begin(), kProtocols.end(),
                     [name](const auto& protocol) { return protocol.first == name; });
    return found == kProtocols.end() ? std::string_view() : found->second;
}

}  // namespace logfia
