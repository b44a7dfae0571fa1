#include <logfia/base/parse_time.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ParseTime, TakesTheUnitsOfItsKind) {
    const auto interval = [](const char* text) { return parse_time(text, BareUnit::milliseconds); };
    EXPECT_EQ(interval("100"), milliseconds(100));
    EXPECT_EQ(interval("250us"), microseconds(250));
    EXPECT_EQ(interval("10ms"), milliseconds(10));
    EXPECT_EQ(interval("2s"), seconds(2));
    EXPECT_EQ(interval("1.5s"), milliseconds(1500));
    EXPECT_EQ(interval("0.5"), microseconds(500));
    for (const char* bad : {"", "s", "1m", "1h", "-1", "1 s", "1e3", ".", "1..2", "0x10", "inf"})
        EXPECT_EQ(interval(bad), std::nullopt) << bad;

    const auto duration = [](const char* text) { return parse_time(text, BareUnit::seconds); };
    EXPECT_EQ(duration("10"), seconds(10));
    EXPECT_EQ(duration("500ms"), milliseconds(500));
    EXPECT_EQ(duration("5m"), minutes(5));
    EXPECT_EQ(duration("8760h"), hours(8760));
    EXPECT_EQ(duration("8761h"), std::nullopt);
    EXPECT_EQ(duration("5us"), std::nullopt);
}

}  // namespace
}  // namespace logfia
