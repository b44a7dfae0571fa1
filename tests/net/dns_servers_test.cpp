#include <logfia/net/dns_servers.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

std::string parsed(std::string_view text) {
    const auto servers = parse_dns_servers(text);
    if (!servers) return "refused: " + describe(servers.error());
    std::string out;
    for (const Endpoint& server : *servers) {
        if (!out.empty()) out += ' ';
        append_endpoint(out, server);
    }
    return out;
}

TEST(ParseDnsServers, TakesAddressesWithAndWithoutPorts) {
    EXPECT_EQ(parsed("1.2.3.4"), "1.2.3.4:53");
    EXPECT_EQ(parsed("1.2.3.4:5353"), "1.2.3.4:5353");
    EXPECT_EQ(parsed("1.2.3.4:1"), "1.2.3.4:1");
    EXPECT_EQ(parsed("1.2.3.4:65535"), "1.2.3.4:65535");
    EXPECT_EQ(parsed("::1"), "[::1]:53");
    EXPECT_EQ(parsed("[::1]"), "[::1]:53");
    EXPECT_EQ(parsed("[::1]:5353"), "[::1]:5353");
    // Without brackets, `53` is the last group of the address, not a port.
    EXPECT_EQ(parsed("2001:db8::7:53"), "[2001:db8::7:53]:53");
}

TEST(ParseDnsServers, TakesAListInOrder) {
    EXPECT_EQ(parsed("1.2.3.4,[::1]:53,2001:db8::7,10.0.0.1:99"),
              "1.2.3.4:53 [::1]:53 [2001:db8::7]:53 10.0.0.1:99");
    EXPECT_EQ(parsed("1.2.3.4,1.2.3.4"), "1.2.3.4:53 1.2.3.4:53");
}

struct Refused {
    std::string_view text;
    std::string_view part;  ///< the one that the message names
};

constexpr Refused kRefused[] = {
    {"", "''"},
    {",", "''"},
    {"1.2.3.4,", "''"},
    {",1.2.3.4", "''"},
    {"1.2.3.4,,::1", "''"},
    {"1.2.3.4:0", "'1.2.3.4:0'"},
    {"1.2.3.4:00", "'1.2.3.4:00'"},
    {"1.2.3.4:65536", "'1.2.3.4:65536'"},
    {"1.2.3.4:99999", "'1.2.3.4:99999'"},
    {"1.2.3.4:18446744073709551669", "'1.2.3.4:18446744073709551669'"},
    {"1.2.3.4:-1", "'1.2.3.4:-1'"},
    {"1.2.3.4:+53", "'1.2.3.4:+53'"},
    {"1.2.3.4: 53", "'1.2.3.4: 53'"},
    {"1.2.3.4:", "'1.2.3.4:'"},
    {"1.2.3.4:dns", "'1.2.3.4:dns'"},
    {"1.2.3.4:53x", "'1.2.3.4:53x'"},
    {"1.2.3.4:0x35", "'1.2.3.4:0x35'"},
    {"1.2.3.4:53:53", "'1.2.3.4:53:53'"},
    {"1.2.3", "'1.2.3'"},
    {"1.2.3.256", "'1.2.3.256'"},
    {"1.2.3.4.5", "'1.2.3.4.5'"},
    {"53", "'53'"},
    {":53", "':53'"},
    {"dns.example", "'dns.example'"},
    {"1.2.3.4 ", "'1.2.3.4 '"},
    {" 1.2.3.4", "' 1.2.3.4'"},
    {"1.2.3.4, ::1", "' ::1'"},
    {"1.2.3.4;::1", "'1.2.3.4;::1'"},
    {"[1.2.3.4]", "'[1.2.3.4]'"},
    {"[1.2.3.4]:53", "'[1.2.3.4]:53'"},
    {"[::1", "'[::1'"},
    {"::1]", "'::1]'"},
    {"[]", "'[]'"},
    {"[]:53", "'[]:53'"},
    {"[::1]53", "'[::1]53'"},
    {"[::1]:", "'[::1]:'"},
    {"[::1]:0", "'[::1]:0'"},
    {"[::1]:65536", "'[::1]:65536'"},
    {"[[::1]]", "'[[::1]]'"},
    {"fe80::1%lo", "'fe80::1%lo'"},
    {"1:2:3:4:5:6:7:8:9", "'1:2:3:4:5:6:7:8:9'"},
    {"1.2.3.4,nowhere,::1", "'nowhere'"},
};

TEST(ParseDnsServers, RefusesAndNamesThePart) {
    using std::string_view_literals::operator""sv;
    for (const auto& [text, part] : kRefused) {
        const auto message = parsed(text);
        EXPECT_THAT(message, testing::StartsWith(fmt::format("refused: --dns-server {}: ", part)))
            << text;
    }
    EXPECT_FALSE(parse_dns_servers("1.2.3.4\0"sv));
    EXPECT_FALSE(parse_dns_servers(std::string(100'000, '1')));
}

TEST(ParseDnsServers, SaysWhatIsWrong) {
    EXPECT_EQ(parsed("1.2.3.4:99999"),
              "refused: --dns-server '1.2.3.4:99999': a port is a number from 1 to 65535");
}

}  // namespace
}  // namespace logfia
