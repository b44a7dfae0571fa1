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
    EXPECT_EQ(late.note(0, milliseconds(10), at(10)).ticks, 0U);
    EXPECT_EQ(late.note(1, milliseconds(20), at(20)).ticks, 0U);
    EXPECT_EQ(late.note(2, milliseconds(30), at(30)).ticks, 2U);
    EXPECT_EQ(late.rest().ticks, 0U);
}

TEST(LateTicks, TheyAreToldAtMostOnceInFiveSecondsAndNoneIsForgotten) {
    LateTicks late;
    EXPECT_EQ(late.note(7, milliseconds(80), at(0)).ticks, 7U);
    EXPECT_EQ(late.note(3, milliseconds(40), at(10)).ticks, 0U);
    EXPECT_EQ(late.note(4, milliseconds(50), at(4999)).ticks, 0U);
    const auto told = late.note(0, milliseconds(90), at(5000));
    EXPECT_EQ(told.ticks, 7U);
    EXPECT_EQ(told.longest_gap, milliseconds(50)) << "of those that are told, and came late";
    EXPECT_EQ(late.note(5, milliseconds(60), at(5001)).ticks, 0U);
    const auto rest = late.rest();
    EXPECT_EQ(rest.ticks, 5U);
    EXPECT_EQ(rest.longest_gap, milliseconds(60));
    EXPECT_EQ(late.note(0, milliseconds(1), at(19000)).ticks, 0U);
}

/// The whole watch was stopped and goes on (job control): the long gap is told at once.
TEST(LateTicks, ALongGapIsToldAtOnce) {
    LateTicks late;
    EXPECT_EQ(late.note(7, milliseconds(80), at(0)).ticks, 7U);
    EXPECT_EQ(late.note(300, std::chrono::seconds(30), at(31'000)).ticks, 300U);
}

}  // namespace
}  // namespace logfia
