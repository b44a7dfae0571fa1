// When sockets are asked again, on a calendar that the test writes: no process is needed.

#include <logfia/source/poll/socket_timetable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace logfia {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using By = SocketTimetable::By;
using Pause = SocketTimetable::Pause;

TEST(ReadingPausesTest, GrowWithWhatAReadingCosts) {
    ReadingPauses pauses(milliseconds(1));
    EXPECT_EQ(pauses.first(), milliseconds(10));
    EXPECT_EQ(pauses.longest(), milliseconds(400));
    pauses.note_rows(10'000);
    EXPECT_EQ(pauses.first(), milliseconds(200));
    EXPECT_EQ(pauses.longest(), seconds(1));
    EXPECT_EQ(ReadingPauses(seconds(2)).first(), seconds(2)) << "no more often than looks";
}

/// A process that can be made to run, and its sockets.
class SocketTimetableTest : public ::testing::Test {
  protected:
    /// Keeps a socket that was asked directly just now.
    void keep(std::uint32_t slot) { timetable_.keep(slot, turns_.turn(), cpu_, now_); }
    /// Keeps a socket that a table has told about just now.
    void keep_by_table(std::uint32_t slot, Pause pause = Pause::longer) {
        keep(slot);
        timetable_.pause_readings(slot, pause, pauses_, now_);
    }
    void run() { cpu_ += microseconds(100); }
    /// The slots that a look asks, this much later.
    std::vector<std::uint32_t> look(Duration later = milliseconds(1), By by = By::copies) {
        turns_.begin_next();
        now_ += later;
        std::vector<std::uint32_t> asked;
        if (timetable_.begin_look())
            timetable_.ask_due({cpu_, true}, by, turns_, pauses_, now_,
                               [&](std::uint32_t slot) { asked.push_back(slot); });
        return asked;
    }

    SocketTimetable timetable_;
    QuestionTurns turns_;
    ReadingPauses pauses_{milliseconds(1)};
    Duration cpu_ = seconds(1);
    SteadyTime now_{seconds(1000)};
};

TEST_F(SocketTimetableTest, AsksWhenTheProcessHasRunAndElseSeldom) {
    EXPECT_THAT(look(), IsEmpty());
    keep(3);
    keep(0);
    EXPECT_THAT(look(), IsEmpty());
    run();
    EXPECT_THAT(look(), ElementsAre(3, 0));
    EXPECT_THAT(look(seconds(4)), IsEmpty());
    EXPECT_THAT(look(seconds(1)), ElementsAre(3, 0)) << "somebody else may share them";
}

TEST_F(SocketTimetableTest, AsksNotInEachOfTheLooksThatComeBackToBack) {
    keep(3);
    run();
    EXPECT_THAT(look(microseconds(100)), IsEmpty());
    EXPECT_EQ(timetable_.late(), now_ + microseconds(400)) << "a look is worth its cost then";
    EXPECT_THAT(look(microseconds(400)), ElementsAre(3));
    EXPECT_EQ(timetable_.late(), SteadyTime::max());
}

TEST_F(SocketTimetableTest, WhoHasNotAnsweredIsAskedInTheNextLook) {
    keep(3);
    timetable_.keep(4, turns_.turn(), std::nullopt, now_);
    EXPECT_THAT(look(), ElementsAre(4));
}

TEST_F(SocketTimetableTest, WhoIsForgottenIsNotAsked) {
    for (const std::uint32_t slot : {5U, 6U, 7U}) keep(slot);
    timetable_.forget(5);
    timetable_.forget(5);
    timetable_.forget(99);
    run();
    EXPECT_THAT(look(), ElementsAre(7, 6));
    EXPECT_EQ(timetable_.find(5), nullptr);
    ASSERT_NE(timetable_.find(7), nullptr);
    EXPECT_EQ(timetable_.find(7)->slot, 7U);
    timetable_.forget(6);
    timetable_.forget(7);
    run();
    EXPECT_THAT(look(), IsEmpty());
}

TEST_F(SocketTimetableTest, ManyAreAskedInRotation) {
    for (std::uint32_t slot = 0; slot < 700; ++slot) keep(slot);
    look();
    run();
    std::set<std::uint32_t> asked;
    for (const std::uint32_t slot : look()) asked.insert(slot);
    EXPECT_EQ(asked.size(), QuestionTurns::kMost);
    EXPECT_LE(timetable_.late(), now_) << "the others wait, though it may not run any more";
    for (const std::uint32_t slot : look()) asked.insert(slot);
    EXPECT_EQ(asked.size(), 700U);
}

TEST_F(SocketTimetableTest, WhoWasAskedLatelyLetsTheOthersGoFirst) {
    for (std::uint32_t slot = 0; slot < 700; ++slot) keep(slot);
    look();
    run();
    std::vector<int> times(700);
    for (int i = 0; i < 20; ++i) {
        for (const std::uint32_t slot : look()) ++times.at(slot);
        run();
    }
    EXPECT_GE(*std::min_element(times.begin(), times.end()), 9);
    EXPECT_LE(*std::max_element(times.begin(), times.end()), 11);
}

TEST_F(SocketTimetableTest, TablesAreReadWithGrowingPauses) {
    keep_by_table(3);
    std::vector<Duration> pauses;
    for (SteadyTime last = now_; pauses.size() < 8;) {
        run();
        if (look(milliseconds(1), By::tables).empty()) continue;
        EXPECT_TRUE(timetable_.may_read_for(3, now_));
        keep_by_table(3);
        EXPECT_FALSE(timetable_.may_read_for(3, now_));
        pauses.push_back(now_ - last);
        last = now_;
    }
    // 10 ms, doubling, up to 400 ms; each up to half more or less, so that all wait for the same
    // moments.
    EXPECT_THAT(pauses, ElementsAre(milliseconds(10), milliseconds(30), milliseconds(40),
                                    milliseconds(80), milliseconds(160), milliseconds(320),
                                    milliseconds(560), milliseconds(400)));
    keep_by_table(3, Pause::first);
    run();
    EXPECT_THAT(look(milliseconds(15), By::tables), ElementsAre(3)) << "after a change, often";
}

TEST_F(SocketTimetableTest, OneReadingServesThoseThatBeganAtDifferentTimes) {
    pauses_ = ReadingPauses(milliseconds(100));
    keep_by_table(3);
    now_ += milliseconds(30);
    keep_by_table(4);
    EXPECT_EQ(timetable_.find(3)->reading, timetable_.find(4)->reading);
}

TEST_F(SocketTimetableTest, AnOwedReadingIsLateAtTheEndOfItsPause) {
    keep_by_table(3);
    look();
    const SteadyTime reading = timetable_.find(3)->reading;
    timetable_.keep(3, turns_.turn(), std::nullopt, now_);
    timetable_.owe_reading(3);
    EXPECT_EQ(timetable_.late(), reading);
}

}  // namespace
}  // namespace logfia
