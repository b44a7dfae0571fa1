#pragma once

#include <logfia/base/line_reader.hpp>
#include <logfia/event/address.hpp>
#include <logfia/event/socket_info.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia {

/// A row of `/proc/N/net/if_inet6`: an address and the interface that has it.
struct LinkAddress {
    IpAddress address;
    std::uint32_t index = 0;
    std::string name;  ///< any bytes but space and `/`
};

/// if6_seq_show() in net/ipv6/addrconf.c; absent when it is malformed.
std::optional<LinkAddress> parse_link_address(std::string_view row);

/// How an interface is written after an address: by its name, or by its number for a name with odd
/// bytes, which anybody may give in a namespace of their own.
std::string zone_text(std::string_view name, std::uint32_t index);

/// Finds the interfaces of link-local addresses, which the tables of sockets do not show: a
/// link-local address of the machine itself mostly belongs to a single interface.
class LinkZones {
  public:
    /// Reads `net/if_inet6` below the directory of a process, in place of what was read before.
    /// A table that cannot be read knows no zone.
    void read(int proc_dir_fd);
    /// Fills in the zones of both ends, where the local address belongs to one interface alone.
    void add_to(SocketInfo& socket) const;

  private:
    LineReader reader_{4096};
    std::vector<LinkAddress> addresses_;  // addresses that need a zone
};

/// True when add_to() might know more.
bool lacks_zone(const SocketInfo& socket);

}  // namespace logfia
