#include <logfia/base/fields.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace logfia {
namespace {

TEST(NextField, TakesWhatStandsBetweenBlanks) {
    std::string_view rest = "  one\ttwo 3\nfour ";
    EXPECT_EQ(next_field(rest), "one");
    EXPECT_EQ(rest, "\ttwo 3\nfour ");
    EXPECT_EQ(next_field(rest), "two");
    EXPECT_EQ(next_field(rest), "3\nfour") << "a newline is no blank";
    EXPECT_EQ(next_field(rest), "");
    EXPECT_EQ(rest, "");
}

TEST(NextLine, TakesOnlyWholeLines) {
    std::string_view rest = "one\n\ntwo";
    EXPECT_EQ(next_line(rest), "one");
    EXPECT_EQ(next_line(rest), "");
    EXPECT_EQ(next_line(rest), std::nullopt);
    EXPECT_EQ(rest, "two");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_number<int>("-17"), -17);
    EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_number<unsigned>("1f", 16), 31U);
    for (const char* bad : {"", " 1", "1 ", "+1", "-1", "1x", "0x1", "4294967296"})
        EXPECT_EQ(parse_number<std::uint32_t>(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace logfia
