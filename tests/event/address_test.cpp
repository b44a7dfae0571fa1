#include <logfia/event/address.hpp>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace logfia {
namespace {

IpAddress address(const char* text) {
    IpAddress result;
    if (inet_pton(AF_INET, text, result.bytes.data()) == 1) return result;
    result.family = IpFamily::v6;
    EXPECT_EQ(inet_pton(AF_INET6, text, result.bytes.data()), 1) << text;
    return result;
}

TEST(Address, NeedsItsInterfaceOnOneLinkAlone) {
    for (const char* text : {"fe80::7", "febf::1", "ff02::1", "ff01::1", "ff12::abcd", "ff32::1"})
        EXPECT_TRUE(needs_zone(address(text))) << text;
    for (const char* text : {"ff05::1", "ff0e::1", "fec0::1", "fd00::1", "2001:db8::7", "::1",
                             "::", "224.0.0.1", "255.2.0.1", "254.128.0.1"})
        EXPECT_FALSE(needs_zone(address(text))) << text;
}

}  // namespace
}  // namespace logfia
