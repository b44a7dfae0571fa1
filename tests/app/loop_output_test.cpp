// The loop when its output is full, fails or is read by nobody, and when signals ask for an end.

#include "app/loop_fixture.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace logfia::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Long records for a small pipe, which holds four; of those that wait, the fourth is one too many.
class FullLoopTest : public LoopTest {
  protected:
    FullLoopTest() {
        record_length_ = 1023;
        options_.max_backlog = 4 * 1024;
        source_.has_untold("untold");
    }
    void fill() {
        for (int ms = 1; ms <= 8; ++ms) source_.will_notice(ms, "record");
    }
    [[nodiscard]] long records() const {
        const Lines all = lines();
        return std::count(all.begin(), all.end(), "record");
    }

    FakeSource& source_ = add_source();
};

TEST_F(FullLoopTest, SourcesPauseUntilHalfOfItIsRead) {
    fill();
    source_.will_notice(20, "as the pause ends");
    source_.will_notice(90, "later");
    source_.will_end(100);
    FakeSource& other = add_source();
    other.will_end(100);
    calendar_.at(50, [this] { EXPECT_TRUE(calendar_.sources_rest()); });
    reads_from(60);
    calendar_.at(60, [] {});
    calendar_.at(70, [this] { EXPECT_FALSE(calendar_.sources_rest()); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(records(), 8);
    EXPECT_THAT(source_.calls(), ElementsAre("pause 8", "resume 60", "stop 100"));
    EXPECT_THAT(other.calls(), ElementsAre("pause 8", "resume 60", "stop 100"));
    const Lines all = lines();
    const Lines rest(all.begin() + 8, all.end());
    EXPECT_THAT(rest, ElementsAre("lost looking stopped", "lost looking stopped",
                                  "as the pause ends", "later", "lost untold", "end 100 of 10"));
}

TEST_F(FullLoopTest, APausedSourceWakesNobody) {
    fill();
    source_.will_hear(20, "heard in the pause");
    source_.will_notice(30, "due in the pause");
    source_.will_end(100);
    calendar_.at(50, [this] { EXPECT_EQ(source_.runs(), 9); });
    reads_from(60);
    calendar_.at(60, [] {});
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_LT(calendar_.sleeps(), 50);
    EXPECT_THAT(lines(), ::testing::Contains("heard in the pause"));
}

TEST_F(FullLoopTest, WhatCannotBeToldLaterIsToldInAPause) {
    fill();
    source_.hears_in_a_pause();
    source_.will_hear(20, "an end");
    source_.will_end(100);
    calendar_.at(50, [this] { EXPECT_EQ(source_.runs(), 10); });
    reads_from(60);
    calendar_.at(60, [] {});
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(lines()[8], "an end");
    EXPECT_EQ(lines()[9], "lost looking stopped");
}

TEST_F(FullLoopTest, ASourceMayEndInAPause) {
    fill();
    source_.hears_in_a_pause();
    source_.will_hear(20, "the last end");
    source_.will_end(20);
    reads_from(60);
    calendar_.at(60, [] {});
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(source_.calls(), ElementsAre("pause 8", "stop 20"));
    EXPECT_EQ(lines().back(), "end 20 of 9");
}

TEST_F(FullLoopTest, APauseEndsWithTheDuration) {
    fill();
    options_.until = Calendar::time_at(40);
    reads_from(60);
    calendar_.at(60, [] {});
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(records(), 8);
    EXPECT_THAT(source_.calls(), ElementsAre("pause 8", "stop 40"));
    EXPECT_EQ(lines()[8], "lost untold");
    EXPECT_EQ(lines()[9], "end 40 of 8");
    EXPECT_EQ(calendar_.ms(), 60) << "once all was read";
}

TEST_F(FullLoopTest, TheFirstSignalLeavesTheReaderItsRecords) {
    fill();
    calendar_.signal_at(40);
    reads_from(60);
    calendar_.at(60, [] {});
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(records(), 8);
    EXPECT_THAT(source_.calls(), ElementsAre("pause 8", "stop 40"));
}

TEST_F(FullLoopTest, TheSecondSignalGivesUp) {
    fill();
    calendar_.signal_at(40);
    calendar_.signal_at(50);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(calendar_.ms(), 50);
    EXPECT_LT(records(), 5);
}

TEST_F(FullLoopTest, TwoSignalsAtOnceGiveUp) {
    fill();
    calendar_.signal_at(40);
    calendar_.signal_at(40);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(calendar_.ms(), 40);
}

TEST_F(LoopTest, TellsOfSocketsThatTheFilterCouldNotJudge) {
    parts_.filter.types = types_named("tcp");
    FakeSource& source = add_source();
    for (std::uint64_t id = 1; id <= 2; ++id) {
        Event close = make_event(EventKind::close, FdType::socket, "socket:[1]");
        fd_of(close).descriptor.id = id;
        source.will_notice(10, std::move(close));
    }
    source.will_end(20);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("end 20 of 0"));
    EXPECT_EQ(read_now(err_.read.get()),
              "logfia: 2 sockets were closed before logfia could tell which type they had: --type "
              "left them out; a shorter -d tells more of them\n");
}

TEST_F(LoopTest, ASignalForTheCommandEndsNothing) {
    FakeSource& source = add_source();
    calendar_.passed_on_signal_at(10);
    source.will_notice(20, "afterwards");
    source.will_end(30);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("afterwards", "end 30 of 1"));
}

/// By then the user has said twice that the end takes too long.
TEST_F(LoopTest, ASignalForTheCommandCountsOnceTheWatchIsOver) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(1000);
    source.will_notice(10, socket("nameless", 1));
    source.will_end(20);
    calendar_.passed_on_signal_at(30);
    calendar_.signal_at(40);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("nameless", "end 40 of 1"));
}

TEST_F(LoopTest, TheFirstSignalWaitsForNamesAndTheSecondDoesNot) {
    FakeSource& source = add_source();
    parts_.name_wait = milliseconds(1000);
    source.will_notice(10, socket("nameless", 1));
    calendar_.signal_at(20);
    calendar_.signal_at(90);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), ElementsAre("nameless", "end 90 of 1"));
    EXPECT_THAT(source.calls(), ElementsAre("stop 20"));
}

TEST_F(LoopTest, EndsWithItsReader) {
    FakeSource& source = add_source();
    source.will_notice(10, "read");
    source.will_notice(30, "unread");
    calendar_.at(20, [this] {
        written_ = read_now(out_.read.get());
        out_.read.reset();
    });
    EXPECT_EQ(run(), ExitStatus::success) << "an end, not an error";
    EXPECT_EQ(calendar_.ms(), 20);
    EXPECT_THAT(lines(), ElementsAre("read"));
}

TEST_F(LoopTest, AnOutputThatFailsIsAnError) {
    const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    output_ = output_to(full.get());
    FakeSource& source = add_source();
    source.will_notice(10, "unwritten");
    source.will_notice(20, "later");
    EXPECT_EQ(run(), ExitStatus::failure);
    EXPECT_EQ(calendar_.ms(), 10);
    EXPECT_THAT(read_now(err_.read.get()), HasSubstr("No space left on device"));
}

TEST_F(LoopTest, AnOutputThatFailsWithinALookEndsIt) {
    const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    output_ = output_to(full.get());
    FakeSource& source = add_source();
    for (int i = 0; i < 1000; ++i) source.will_notice(10, "unwritten");
    EXPECT_EQ(run(), ExitStatus::failure);
    EXPECT_EQ(calendar_.ms(), 10);
}

TEST_F(LoopTest, AnOutputThatFailsWhileASourceIsStoppedIsToldOnce) {
    const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    output_ = output_to(full.get());
    add_source().has_untold("unwritten", 300);
    calendar_.signal_at(10);
    EXPECT_EQ(run(), ExitStatus::failure);
    const std::string errors = read_now(err_.read.get());
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

class SummaryApartTest : public LoopTest {
  protected:
    SummaryApartTest() {
        finish_goes_ = PipelineWriter::FinishGoes::apart;
        add_source().will_end(10);
    }
    void fill_standard_error() {
        fcntl(err_.write.get(), F_SETFL, O_NONBLOCK);
        while (write(err_.write.get(), "x", 1) == 1) {
        }
    }
};

TEST_F(SummaryApartTest, GoesToStandardError) {
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(lines(), IsEmpty());
    EXPECT_EQ(read_now(err_.read.get()), "end 10 of 0\n");
}

TEST_F(SummaryApartTest, WaitsForItsReader) {
    fill_standard_error();
    std::string told;
    calendar_.at(50, [&] { told = read_now(err_.read.get()); });
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(read_now(err_.read.get()), HasSubstr("end 10 of 0\n"));
}

TEST_F(SummaryApartTest, WaitsForItsReaderUntilASignal) {
    fill_standard_error();
    calendar_.signal_at(50);
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_EQ(calendar_.ms(), 50);
}

}  // namespace
}  // namespace logfia::test
