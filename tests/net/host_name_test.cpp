#include <logfia/net/host_name.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

TEST(CheckedHostName, EndsInOneDot) {
    EXPECT_EQ(checked_host_name("a"), "a.");
    EXPECT_EQ(checked_host_name("host.example"), "host.example.");
    EXPECT_EQ(checked_host_name("host.example."), "host.example.");
    EXPECT_EQ(checked_host_name("_srv-7.EXAMPLE.x--1"), "_srv-7.EXAMPLE.x--1.");
}

TEST(CheckedHostName, RefusesWhatCannotBeAHost) {
    using std::string_literals::operator""s;
    const std::string refused[] = {
        "",
        ".",
        "..",
        ".a",
        "a..",
        "a..b",
        "a b",
        "a\n",
        "\tb",
        "a\033[31m",
        "a\0b"s,
        "\0"s,
        "a/b",
        "a\\027",
        "a:80",
        "a@b",
        "\x7f",
        "\x9b"
        "31m",
        "h\xc3\xa4",
        "a\u202e.b",
        "host.example \n2017-05-07T12:40:40 close /etc/shadow",
    };
    for (const auto& text : refused) EXPECT_EQ(checked_host_name(text), "") << text;
}

TEST(CheckedHostName, HasAtMost253Characters) {
    std::string longest;
    while (longest.size() < 252) longest += "a.";
    longest += 'b';
    ASSERT_EQ(longest.size(), 253U);
    EXPECT_EQ(checked_host_name(longest), longest + ".");
    EXPECT_EQ(checked_host_name(longest + "."), longest + ".");
    EXPECT_EQ(checked_host_name(longest + "c"), "");
    EXPECT_EQ(checked_host_name(std::string(100'000, 'a')), "");
}

}  // namespace
}  // namespace logfia
