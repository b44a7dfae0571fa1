#include <logfia/process/name_flood.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(NameFloodTest, SomeNamesAreHeardAllTheTime) {
    NameFlood flood;
    SteadyTime now{seconds(1000)};
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_TRUE(flood.may_hear(1, now));
        now += milliseconds(1);
    }
}

TEST(NameFloodTest, OfTooManyNoneIsHeardForAWhile) {
    NameFlood flood;
    const SteadyTime now{seconds(1000)};
    EXPECT_TRUE(flood.may_hear(NameFlood::kMostInASecond, now));
    EXPECT_FALSE(flood.may_hear(1, now));
    EXPECT_FALSE(flood.may_hear(0, now + NameFlood::kRest - milliseconds(1)));
    EXPECT_TRUE(flood.may_hear(0, now + NameFlood::kRest));
    EXPECT_FALSE(flood.may_hear(NameFlood::kMostInASecond + 1, now + NameFlood::kRest));
}

}  // namespace
}  // namespace logfia
