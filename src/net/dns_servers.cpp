#include <logfia/base/fields.hpp>
#include <logfia/net/dns_servers.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace logfia {
namespace {

constexpr std::uint16_t kDnsPort = 53;

std::optional<IpAddress> parse_address(std::string_view text, IpFamily family) {
    char terminated[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof terminated || text.find('\0') != text.npos) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated);
    IpAddress address{family, {}};
    const int af = family == IpFamily::v4 ? AF_INET : AF_INET6;
    if (inet_pton(af, terminated, address.bytes.data()) != 1) return std::nullopt;
    return address;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_number<std::uint16_t>(text);
    return port == 0 ? std::nullopt : port;
}

Error refuse(std::string_view part, const char* advice) {
    return {"--dns-server", fmt::format("'{}'", part), 0, advice};
}

struct Parts {
    std::string_view address;
    std::optional<std::string_view> port;  ///< behind the colon; may be empty
    IpFamily family = IpFamily::v4;
};

std::optional<Parts> split(std::string_view server) {
    if (server.starts_with('[')) {
        const auto end = server.find(']');
        if (end == server.npos) return std::nullopt;
        Parts parts{server.substr(1, end - 1), std::nullopt, IpFamily::v6};
        const std::string_view rest = server.substr(end + 1);
        if (rest.empty()) return parts;
        if (rest.front() != ':') return std::nullopt;
        parts.port = rest.substr(1);
        return parts;
    }
    const auto colon = server.find(':');
    if (colon == server.npos) return Parts{server, std::nullopt, IpFamily::v4};
    // Two colons: an IPv6 address without brackets, whose last group is not a port.
    if (server.find(':', colon + 1) != server.npos)
        return Parts{server, std::nullopt, IpFamily::v6};
    return Parts{server.substr(0, colon), server.substr(colon + 1), IpFamily::v4};
}

Result<Endpoint> parse_server(std::string_view server) {
    if (server.empty()) return refuse(server, "a server is missing: write ADDR[:PORT][,...]");
    const auto parts = split(server);
    const auto address = parts ? parse_address(parts->address, parts->family) : std::nullopt;
    if (!address)
        return refuse(server, "not an address: write 192.0.2.1, 192.0.2.1:53 or [2001:db8::7]:53");
    if (!parts->port) return Endpoint{*address, kDnsPort};
    const auto port = parse_port(*parts->port);
    if (!port) return refuse(server, "a port is a number from 1 to 65535");
    return Endpoint{*address, *port};
}

}  // namespace

Result<std::vector<Endpoint>> parse_dns_servers(std::string_view text) {
    std::vector<Endpoint> servers;
    for (;;) {
        const auto comma = text.find(',');
        const auto server = parse_server(text.substr(0, comma));
        if (!server) return server.error();
        servers.push_back(*server);
        if (comma == text.npos) return servers;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace logfia
