#include <logfia/event/address.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace logfia {

IpAddress unmapped(const IpAddress& address) {
    constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.family != IpFamily::v6 ||
        !std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin())) {
        return address;
    }
    IpAddress v4;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
    return v4;
}

bool is_unspecified(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](auto b) { return b == 0; });
}

bool needs_zone(const IpAddress& address) {
    constexpr int kInterfaceLocal = 1;  // the scopes of RFC 4291, 2.7
    constexpr int kLinkLocal = 2;
    if (address.family != IpFamily::v6) return false;
    const int scope = address.bytes[1] & 0x0f;
    const bool group = address.bytes[0] == 0xff;
    const bool one = address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
    return one || (group && (scope == kInterfaceLocal || scope == kLinkLocal));
}

void append_address(std::string& out, const IpAddress& address) {
    char text[INET6_ADDRSTRLEN];
    const int family = address.family == IpFamily::v4 ? AF_INET : AF_INET6;
    out += inet_ntop(family, address.bytes.data(), text, sizeof text);
}

void append_zoned_address(std::string& out, const Endpoint& endpoint) {
    append_address(out, endpoint.address);
    if (endpoint.zone.empty()) return;
    out += '%';
    out += endpoint.zone;
}

void append_endpoint(std::string& out, const Endpoint& endpoint) {
    const bool bracketed = endpoint.address.family == IpFamily::v6;
    if (bracketed) out += '[';
    append_zoned_address(out, endpoint);
    if (bracketed) out += ']';
    fmt::format_to(std::back_inserter(out), ":{}", endpoint.port);
}

}  // namespace logfia
