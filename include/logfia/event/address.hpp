#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace logfia {

enum class IpFamily : std::uint8_t { v4, v6 };

/// An internet address in network byte order. An IPv4 address uses the first four bytes; the others
/// stay 0. An IPv4-mapped IPv6 address is kept as the IPv4 address that it stands for (see
/// unmapped).
struct IpAddress {
    IpFamily family = IpFamily::v4;
    std::array<std::uint8_t, 16> bytes{};

    // NOLINTNEXTLINE(modernize-use-nullptr): a false alarm of clang-tidy 14
    auto operator<=>(const IpAddress&) const = default;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    /// The interface of an address that needs one (needs_zone), by name or by number (RFC 4007);
    /// else empty.
    std::string zone{};

    // NOLINTNEXTLINE(modernize-use-nullptr): a false alarm of clang-tidy 14
    auto operator<=>(const Endpoint&) const = default;
};

/// `::ffff:a.b.c.d` becomes `a.b.c.d`; every other address stays as it is.
IpAddress unmapped(const IpAddress& address);

/// True for 0.0.0.0 and `::`.
bool is_unspecified(const IpAddress& address);

/// True for an IPv6 address that means nothing without its interface: link-local ones, and those of
/// groups on one link or one interface (__ipv6_addr_needs_scope_id(), include/net/ipv6.h).
bool needs_zone(const IpAddress& address);

/// `192.0.2.1`, `2001:db8::7` (RFC 5952).
void append_address(std::string& out, const IpAddress& address);

/// Appends the zone as well, where there is one: `fe80::7%eth0`.
void append_zoned_address(std::string& out, const Endpoint& endpoint);

/// `192.0.2.1:80`, `[2001:db8::7]:443`, `[fe80::7%eth0]:443`.
void append_endpoint(std::string& out, const Endpoint& endpoint);

}  // namespace logfia
