#include <logfia/source/poll/late_ticks.hpp>
#include <logfia/source/poll/tick_clock.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::milliseconds;

SteadyTime at(int ms) {
    return SteadyTime(milliseconds(ms));
}

TEST(TickClock, KeepsItsTimetableHoweverLateATickIsTaken) {
    TickClock clock(at(100), milliseconds(10));
    EXPECT_FALSE(clock.due(at(99)));
    ASSERT_TRUE(clock.due(at(100)));
    EXPECT_EQ(clock.advance(at(109)), 0U);
    EXPECT_EQ(clock.next(), at(110));
    EXPECT_EQ(clock.advance(at(110)), 0U);
    EXPECT_EQ(clock.next(), at(120));
}

TEST(TickClock, CountsTheTicksThatWereMissed) {
    TickClock clock(at(100), milliseconds(10));
    EXPECT_EQ(clock.advance(at(111)), 1U);
    EXPECT_EQ(clock.next(), at(120));
    EXPECT_EQ(clock.advance(at(10'120)), 1000U);
    EXPECT_EQ(clock.next(), at(10'130));
}

TEST(TickClock, WithoutAnIntervalOneIsAlwaysDueAndNoneMissed) {
    TickClock clock(at(100), Interval::back_to_back());
    EXPECT_FALSE(clock.due(at(99)));
    for (const int now : {100, 100, 5000}) {
        EXPECT_TRUE(clock.due(at(now)));
        EXPECT_EQ(clock.advance(at(now)), 0U);
    }
}

TEST(LateTicks, OneAloneIsNotTold) {
    LateTicks late;
    EXPECT_EQ(late.note(0, at(10)), 0U);
    EXPECT_EQ(late.note(1, at(20)), 0U);
    EXPECT_EQ(late.note(2, at(30)), 2U);
    EXPECT_EQ(late.rest(), 0U);
}

TEST(LateTicks, TheyAreToldAtMostOnceASecondAndNoneIsForgotten) {
    LateTicks late;
    EXPECT_EQ(late.note(7, at(0)), 7U);
    EXPECT_EQ(late.note(3, at(10)), 0U);
    EXPECT_EQ(late.note(4, at(999)), 0U);
    EXPECT_EQ(late.note(0, at(1000)), 7U);
    EXPECT_EQ(late.note(5, at(1001)), 0U);
    EXPECT_EQ(late.rest(), 5U);
    EXPECT_EQ(late.note(0, at(9000)), 0U);
}

}  // namespace
}  // namespace logfia
