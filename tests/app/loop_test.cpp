// The loop over fake sources, a fake writer and a calendar: no process, no sleep, no real time.

#include "app/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;

TEST_F(LoopTest, WritesInTheOrderInWhichItWasNoticed) {
    FakeSource& source = add_source();
    source.will_notice(20, "second");
    source.will_notice(10, "first");
    source.will_notice(20, "third");
    source.will_end(30);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("first", "second", "third", "end 30 of 3"));
    EXPECT_THAT(source.calls(), ElementsAre("stop 30"));
}

TEST_F(LoopTest, AsksASourceWhenItsDescriptorIsReady) {
    FakeSource& source = add_source();
    source.will_hear(15, "heard");
    source.will_notice(40, "looked up");
    source.will_end(50);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("heard", "looked up", "end 50 of 2"));
    EXPECT_EQ(source.runs(), 4) << "first of all, at 15, 40 and 50";
}

TEST_F(LoopTest, EndsAtOnceWithoutASource) {
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("end 0 of 0"));
}

TEST_F(LoopTest, EndsWithASourceThatLooksOnce) {
    FakeSource& source = add_source();
    source.will_notice(0, "there");
    source.will_end(0);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("there", "end 0 of 1"));
    EXPECT_EQ(calendar_.sleeps(), 0);
}

TEST_F(LoopTest, TwoSourcesMakeOneStream) {
    FakeSource& one = add_source();
    FakeSource& other = add_source();
    one.will_notice(10, "one at 10");
    one.will_notice(30, "one at 30");
    one.will_end(35);
    other.will_notice(20, "other at 20");
    other.will_hear(25, "other at 25");
    other.will_notice(60, "other at 60");
    other.will_end(70);
    one.has_untold("untold by one");
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("one at 10", "other at 20", "other at 25", "one at 30",
                                     "lost untold by one", "other at 60", "end 70 of 5"));
    EXPECT_THAT(one.calls(), ElementsAre("stop 35")) << "nobody calls who has ended";
    EXPECT_THAT(other.calls(), ElementsAre("stop 70"));
}

TEST_F(LoopTest, EndsAfterItsDuration) {
    FakeSource& source = add_source();
    source.will_notice(10, "in time");
    source.will_notice(25, "too late");
    source.has_untold("untold");
    options_.until = Calendar::time_at(25);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("in time", "lost untold", "end 25 of 1"));
    EXPECT_TRUE(calendar_.sources_rest());
    EXPECT_FALSE(calendar_.wants(source.fd()));
}

TEST_F(LoopTest, TheFirstLookIsTakenHoweverShortTheDuration) {
    add_source().will_notice(0, "there");
    options_.until = Calendar::time_at(0);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("there", "end 0 of 1"));
}

TEST_F(LoopTest, WritesSoManyRecordsAndWhatWasLostBeforeTheLast) {
    FakeSource& source = add_source();
    for (const char* name : {"a", "b", "c", "d"}) source.will_notice(10, name);
    source.has_untold("untold");
    parts_.limit = 3;
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("a", "b", "c", "lost untold", "end 10 of 3"));
    EXPECT_THAT(source.calls(), ElementsAre("stop 10"));
}

TEST_F(LoopTest, ALossBeforeTheLimitIsNoRecordOfIt) {
    FakeSource& source = add_source();
    source.will_notice(10, lost({}, "something"));
    source.will_notice(20, "a");
    source.will_notice(30, "b");
    parts_.limit = 2;
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("lost something", "a", "b", "end 30 of 2"));
}

TEST_F(LoopTest, ARecordWaitsForItsName) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    source.will_notice(10, socket("socket", 1));
    source.will_notice(10, "behind");
    source.will_end(600);
    calendar_.at(60, [this] { dns_->says(peer(1), "host.example"); });
    calendar_.at(
        61, [this] { EXPECT_EQ(read_now(out_.read.get()), "socket host.example.\nbehind\n"); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("end 600 of 2"));
}

TEST_F(LoopTest, ARecordWaitsNoLongerThanItMay) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    source.will_notice(10, socket("socket", 1));
    source.will_end(600);
    calendar_.at(259, [this] { EXPECT_EQ(read_now(out_.read.get()), ""); });
    calendar_.at(262, [this] { EXPECT_EQ(read_now(out_.read.get()), "socket\n"); });
    EXPECT_EQ(run(), ExitStatus::success);
}

TEST_F(LoopTest, AtTheEndRecordsStillWaitForTheirNames) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    source.will_notice(10, socket("named", 1));
    source.will_notice(10, socket("nameless", 2));
    source.will_end(20);
    calendar_.at(60, [this] { dns_->says(peer(1), "host.example"); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("named host.example.", "nameless", "end 260 of 2"));
    EXPECT_EQ(source.runs(), 3);
}

TEST_F(LoopTest, InALongLookEachWaitForANameIsItsOwn) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    for (int i = 0; i < 256; ++i) source.will_notice(10, lost({}, "x"));
    source.takes_after(255, milliseconds(400));
    source.will_notice(10, socket("late", 1));
    source.will_end(20);
    calendar_.at(500, [this] { dns_->says(peer(1), "host.example"); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(lines()[256], "late host.example.");
}

TEST_F(LoopTest, AWaitForANameBeginsWhenALongLookTellsOfTheSocket) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    source.takes_before(milliseconds(400));
    source.will_notice(10, socket("first", 1));
    source.will_end(20);
    calendar_.at(500, [this] { dns_->says(peer(1), "host.example"); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(lines()[0], "first host.example.");
}

TEST_F(LoopTest, ALongLookIsWrittenInBetween) {
    FakeSource& source = add_source();
    for (int i = 0; i < 256; ++i) source.will_notice(0, "x");
    source.takes_after(256, milliseconds(1),
                       [this] { EXPECT_EQ(read_now(out_.read.get()).size(), 256 * 2U); });
    source.will_end(0);
    EXPECT_EQ(run(), ExitStatus::success);
}

TEST_F(LoopTest, TellsByItsStatusWhatAWriterFound) {
    add_source().will_end(10);
    finds_ = true;
    EXPECT_EQ(run(), ExitStatus::leaks);
}

TEST_F(LoopTest, AnIdleTurnIsOneSleepAndOneReadingOfTheClock) {
    FakeSource& source = add_source();
    for (int ms = 1; ms <= 1000; ++ms) source.will_notice(ms, "of no interest");
    parts_.filter.events = EventSet{};
    source.will_end(1000);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(calendar_.sleeps(), 1000);
    EXPECT_EQ(calendar_.readings(), 1001);
}

TEST_F(LoopTest, EndsWhenItCannotSleep) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(250);
    source.will_notice(10, socket("noticed", 1));
    source.will_notice(30, "later");
    calendar_.refuse_sleep_at(20);
    EXPECT_EQ(run(), ExitStatus::failure);
    EXPECT_THAT(lines(), ElementsAre("noticed", "end 20 of 1"));
    EXPECT_THAT(read_now(err_.read.get()), HasSubstr("sleep at all"));
}

TEST_F(LoopTest, ASourceThatIsAlwaysBusyStarvesNobody) {
    FakeSource& busy = add_source();
    FakeSource& other = add_source();
    parts_.name_wait = milliseconds(5);
    busy.is_always_busy();
    busy.will_notice(2, socket("nameless", 1));
    other.will_notice(3, "of the other");
    other.will_hear(12, "heard by the other");
    calendar_.at(8, [this] { EXPECT_EQ(read_now(out_.read.get()), "nameless\nof the other\n"); });
    calendar_.signal_at(20);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("heard by the other", "end 20 of 3"));
    EXPECT_THAT(busy.calls(), ElementsAre("stop 20"));
    EXPECT_THAT(other.runs(), Lt(6));
}

TEST_F(LoopTest, ALongSliceIsFollowedByAnotherBeforeAnythingIsWritten) {
    FakeSource& source = add_source();
    source.is_always_busy();
    source.will_notice(0, "first");
    source.takes_after(1, milliseconds(50));
    int runs_before_the_first_sleep = 0;
    calendar_.before_sleep([&] {
        if (runs_before_the_first_sleep == 0) runs_before_the_first_sleep = source.runs();
    });
    options_.until = Calendar::time_at(100);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_GE(runs_before_the_first_sleep, 2);
}

TEST_F(LoopTest, ASourceThatIsAlwaysBusyEndsAfterTheDuration) {
    add_source().is_always_busy();
    options_.until = Calendar::time_at(5);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("end 5 of 0"));
}

}  // namespace
}  // namespace logfia::test
