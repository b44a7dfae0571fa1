#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

/// `route` for NETLINK_ROUTE, as <linux/netlink.h> has it; the number for one without a name.
std::string netlink_protocol_name(std::uint32_t protocol);

/// `0x0003`: an ethertype, in the machine's byte order (<linux/if_ether.h>).
std::string ethertype_name(std::uint16_t ethertype);

/// `alg` for AF_ALG, as <linux/socket.h> has it; empty for an unknown family. A literal.
std::string_view address_family_name(int family);

/// The family's name for the kernel's name of the protocol (`struct proto`), as
/// `system.sockprotoname` tells it.
std::string_view family_of_protocol_name(std::string_view name);

}  // namespace logfia
