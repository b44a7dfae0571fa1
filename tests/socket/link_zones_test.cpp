#include "support/fake_proc.hpp"
#include <logfia/socket/link_zones.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

constexpr const char* kLink = "fe800000000000000000000000000007";

/// An address of the documentation's kind: PREFIX::LAST.
Endpoint endpoint(std::uint8_t first, std::uint8_t second, std::uint8_t last) {
    Endpoint result;
    result.address.family = IpFamily::v6;
    result.address.bytes[0] = first;
    result.address.bytes[1] = second;
    result.address.bytes[15] = last;
    return result;
}

TEST(LinkZones, ReadsTheKernelsRows) {
    const auto row = parse_link_address(std::string(kLink) + " 0a 40 20 80     eth0");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->address, endpoint(0xfe, 0x80, 7).address);
    EXPECT_EQ(row->index, 10U);
    EXPECT_EQ(row->name, "eth0");
    for (const char* bad :
         {"", " ", " 0a", " 0a 40 20 80", " 00 40 20 80 eth0", " x 40 20 80 eth0"})
        EXPECT_FALSE(parse_link_address(kLink + std::string(bad))) << bad;
    EXPECT_FALSE(parse_link_address("fe80 01 40 20 80 lo"));
    EXPECT_FALSE(parse_link_address("ge800000000000000000000000000007 01 40 20 80 lo"));
}

TEST(LinkZones, WriteOddNamesAsNumbers) {
    EXPECT_EQ(zone_text("wlp2s0.7@x", 3), "wlp2s0.7@x");
    EXPECT_EQ(zone_text("", 3), "3");
    EXPECT_EQ(zone_text("a\x1b[31m", 3), "3");
    EXPECT_EQ(zone_text("a]", 3), "3");
}

TEST(LinkZones, AreThoseOfAnAddressThatOneInterfaceHas) {
    test::FakeProc proc;
    proc.add_process(42, "a");
    proc.net_table(42, "if_inet6",
                   "fe800000000000000000000000000007 02 40 20 80     eth0\n"
                   "20010db8000000000000000000000007 02 40 00 80     eth0\n"
                   "fe800000000000000000000000000008 02 40 20 80     eth0\n"
                   "fe800000000000000000000000000008 03 40 20 80     eth1\n");
    const UniqueFd dir(open((proc.path() + "/42").c_str(), O_PATH | O_CLOEXEC));
    LinkZones zones;
    zones.read(dir.get());

    SocketInfo socket;
    socket.local = endpoint(0xfe, 0x80, 7);
    socket.remote = endpoint(0xff, 0x02, 1);
    zones.add_to(socket);
    EXPECT_EQ(socket.local->zone, "eth0");
    EXPECT_EQ(socket.remote->zone, "eth0");
    EXPECT_FALSE(lacks_zone(socket));

    socket.remote = endpoint(0x20, 0x01, 1);
    socket.local = endpoint(0xfe, 0x80, 7);
    zones.add_to(socket);
    EXPECT_EQ(socket.remote->zone, "") << "a global address has none";

    for (const Endpoint& other : {endpoint(0xfe, 0x80, 8), endpoint(0xfe, 0x80, 9)}) {
        socket.local = other;
        zones.add_to(socket);
        EXPECT_EQ(socket.local->zone, "") << "two have it, or nobody";
    }
    zones.read(-1);
    socket.local = endpoint(0xfe, 0x80, 7);
    zones.add_to(socket);
    EXPECT_EQ(socket.local->zone, "");
}

}  // namespace
}  // namespace logfia
