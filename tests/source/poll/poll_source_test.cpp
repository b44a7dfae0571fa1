#include "source/poll/poll_source_fixture.hpp"
#include "support/fd_maker_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = Source::State;
using test::Lines;

TEST_F(PollSourceTest, TheTimetableBeginsAfterTheFirstLook) {
    make(proc_.path(), only(10));
    EXPECT_TRUE(source_->has_work());
    EXPECT_EQ(run(0), State::busy);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("0 open 10 /a"));
    EXPECT_EQ(run(70), State::waiting) << "the first look took so long";
    EXPECT_EQ(source_->next(), at(170).steady);
    proc_.open(10, 4, "/b");
    EXPECT_EQ(run(169), State::waiting);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
    EXPECT_EQ(run(170), State::waiting);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("170 open 10 /b"));
    EXPECT_EQ(source_->next(), at(270).steady);
    EXPECT_EQ(source_->totals().processes, 1U);
    EXPECT_EQ(source_->totals().looks, 2U);
}

TEST_F(PollSourceTest, EndsAfterASingleLook) {
    poller_.single_look = true;
    make(proc_.path(), only(10));
    EXPECT_EQ(run(0), State::ended);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("0 open 10 /a"));
}

/// Whoever asks what is open now is not told of what has come since.
TEST_F(PollSourceTest, ASingleLookIsTakenAtNoChildThatCameSince) {
    poller_.single_look = true;
    WantedProcesses wanted = following(10);
    wanted.waits = false;
    make(proc_.path(), wanted);
    proc_.add_process(20, "child");
    proc_.children(10, "20 ");
    EXPECT_EQ(run(0), State::ended);
    EXPECT_EQ(source_->totals().processes, 1U);
}

TEST_F(PollSourceTest, TellsOfLateLooksAtOnceAndThenSeldom) {
    make(proc_.path(), only(10));
    begin();
    run(450);
    EXPECT_THAT(sink_.take_lines(),
                ElementsAre("450 lost 3 looks came late, the longest gap 450 ms (3)"));
    EXPECT_EQ(test::loss_of(sink_.events.back()).longest_gap, milliseconds(450));
    run(750);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
    EXPECT_EQ(source_->totals().late_looks, 3U);
    source_->stop(at(800), sink_);
    EXPECT_THAT(sink_.take_lines(),
                ElementsAre("800 lost 2 looks came late, the longest gap 300 ms (2)"));
    EXPECT_EQ(source_->totals().late_looks, 5U);
}

TEST_F(PollSourceTest, EndsWithTheLastProcess) {
    make(proc_.path(), only(10));
    begin();
    proc_.end(10);
    EXPECT_EQ(run(100), State::ended);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("100 close 10 /a"));
}

TEST_F(PollSourceTest, EndsOnlyWhenItMay) {
    bool may_end = false;
    make(proc_.path(), only(10), [&](SteadyTime) { return may_end; });
    begin();
    proc_.end(10);
    EXPECT_EQ(run(100), State::waiting);
    EXPECT_EQ(run(200), State::waiting);
    may_end = true;
    EXPECT_EQ(run(300), State::ended);
}

TEST_F(PollSourceTest, WaitsForProcessesThatMayCome) {
    WantedProcesses wanted;
    wanted.names = {"later"};
    make(proc_.path(), wanted);
    EXPECT_TRUE(source_->has_work());
    begin();
    proc_.add_process(12, "later");
    proc_.open(12, 3, "/c");
    EXPECT_EQ(run(100), State::waiting);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("100 open 12 /c"));
}

TEST_F(PollSourceTest, TellsOfAPauseAndLooksAtOnceAfterwards) {
    make(proc_.path(), only(10));
    begin();
    source_->pause(at(50));
    proc_.open(10, 4, "/b");
    source_->resume(at(550), sink_);
    EXPECT_THAT(sink_.take_lines(),
                ElementsAre("550 lost looking stopped for 0.5 s: nobody read the records (5)"));
    EXPECT_EQ(run(551), State::waiting);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("551 open 10 /b"));
    EXPECT_EQ(source_->next(), at(600).steady) << "the timetable goes on";
    EXPECT_EQ(source_->totals().late_looks, 0U);
}

TEST_F(PollSourceTest, APauseBetweenTwoTicksHasMissedNothing) {
    make(proc_.path(), only(10));
    begin();
    source_->pause(at(10));
    source_->resume(at(90), sink_);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
}

TEST_F(PollSourceTest, MayBePausedBeforeItsTimetableBegins) {
    make(proc_.path(), only(10));
    ASSERT_EQ(run(0), State::busy);
    sink_.take_lines();
    source_->pause(at(0));
    source_->resume(at(5000), sink_);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
    EXPECT_EQ(run(5000), State::waiting);
    EXPECT_EQ(source_->next(), at(5100).steady);
}

TEST_F(PollSourceTest, TellsOfAPauseThatTheEndCutsShort) {
    make(proc_.path(), only(10));
    begin();
    source_->pause(at(50));
    source_->stop(at(250), sink_);
    EXPECT_THAT(sink_.take_lines(), ElementsAre(HasSubstr("250 lost looking stopped for 0.2 s")));
}

TEST_F(PollSourceTest, EachGenerationHasALookOfItsOwn) {
    make(proc_.path(), following(10));
    begin();
    for (const int pid : {20, 30}) proc_.add_process(pid, "child");
    proc_.open(20, 3, "/b");
    proc_.open(30, 3, "/c");
    proc_.children(10, "20 ");
    proc_.children(20, "30 ");
    proc_.open(10, 4, "/d");
    EXPECT_EQ(run(100), State::busy);
    EXPECT_EQ(run(101), State::busy);
    EXPECT_EQ(run(102), State::waiting);
    EXPECT_THAT(sink_.take_lines(),
                ElementsAre("100 open 10 /d", "101 open 20 /b", "102 open 30 /c"));
    EXPECT_EQ(source_->totals().looks, 2U) << "those at newcomers do not count";
}

/// A generation is found when the one before it is looked at.
TEST_F(PollSourceTest, NewcomersWithoutEndDoNotKeepTicksAway) {
    make(proc_.path(), following(10));
    begin();
    proc_.children(10, "20 ");
    for (int pid = 20; pid < 60; ++pid) {
        proc_.add_process(pid, "child");
        proc_.children(pid, fmt::format("{} ", pid + 1));
    }
    int slices = 0;
    for (; source_->totals().looks < 3 && slices < 30; ++slices)
        ASSERT_EQ(run(100 * (slices + 1)), State::busy);
    EXPECT_EQ(slices, 10) << "a tick, eight newcomers, a tick";
}

/// A process that is held by its pidfd.
class PollSourceRealTest : public PollSourceTest {
  protected:
    [[nodiscard]] bool becomes_ready() const {
        pollfd ready{source_->ready_fd(), POLLIN, 0};
        return poll(&ready, 1, 10'000) == 1;
    }

    FdMaker maker_;
};

TEST_F(PollSourceRealTest, NoticesAnEndAtOnce) {
    make("/proc", only(maker_.pid()));
    begin();
    pollfd ready{source_->ready_fd(), POLLIN, 0};
    EXPECT_EQ(poll(&ready, 1, 0), 0);
    maker_.child().signal(SIGKILL);
    ASSERT_TRUE(becomes_ready());
    EXPECT_EQ(run(50), State::ended) << "long before the next tick";
    EXPECT_THAT(sink_.take_lines(), Contains(AllOf(HasSubstr("50 close "), HasSubstr("pipe:["))));
}

TEST_F(PollSourceRealTest, NoticesAnEndAlthoughATickIsAlwaysDue) {
    poller_.interval = Duration::zero();
    make("/proc", only(maker_.pid()));
    begin();
    maker_.child().signal(SIGKILL);
    ASSERT_TRUE(becomes_ready());
    State state = State::waiting;
    for (int i = 0; i < 100 && state == State::waiting; ++i) state = run(1);
    EXPECT_EQ(state, State::ended);
}

TEST_F(PollSourceRealTest, TellsOfAnEndThatCameJustBeforeItIsStopped) {
    make("/proc", only(maker_.pid()));
    begin();
    maker_.child().signal(SIGKILL);
    ASSERT_TRUE(becomes_ready());
    source_->stop(at(50), sink_);
    EXPECT_THAT(sink_.take_lines(), Contains(AllOf(HasSubstr("50 close "), HasSubstr("pipe:["))));
}

/// More than epoll_wait(2) is asked for at once.
TEST_F(PollSourceRealTest, TellsOfManyEndsThatCameJustBeforeItIsStopped) {
    std::vector<std::unique_ptr<FdMaker>> many;
    WantedProcesses wanted;
    for (int i = 0; i < 80; ++i) {
        many.push_back(std::make_unique<FdMaker>());
        wanted.pids.push_back(many.back()->pid());
    }
    make("/proc", wanted);
    begin();
    for (const auto& one : many) one->end();
    source_->stop(at(50), sink_);
    EXPECT_FALSE(source_->has_work()) << "some are still watched";
}

TEST_F(PollSourceRealTest, NoticesAnEndInAPause) {
    make("/proc", only(maker_.pid()));
    begin();
    source_->pause(at(10));
    maker_.child().signal(SIGKILL);
    ASSERT_TRUE(becomes_ready());
    EXPECT_EQ(run(250), State::ended);
    EXPECT_THAT(sink_.take_lines(), Contains(AllOf(HasSubstr("250 close "), HasSubstr("pipe:["))));
}

TEST_F(PollSourceRealTest, TellsOfAnEndInAPauseThatIsCutShort) {
    make("/proc", only(maker_.pid()));
    begin();
    source_->pause(at(10));
    maker_.child().signal(SIGKILL);
    ASSERT_TRUE(becomes_ready());
    source_->stop(at(250), sink_);
    const Lines lines = sink_.take_lines();
    EXPECT_THAT(lines, Contains(AllOf(HasSubstr("250 close "), HasSubstr("pipe:["))));
    EXPECT_THAT(lines.back(), HasSubstr("lost looking stopped for 0.2 s"));
}

TEST_F(PollSourceRealTest, ASingleLookTellsNoEnd) {
    poller_.single_look = true;
    make("/proc", only(maker_.pid()));
    EXPECT_EQ(run(0), State::ended);
    sink_.take_lines();
    maker_.child().signal(SIGKILL);
    source_->stop(at(1), sink_);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
}

}  // namespace
}  // namespace logfia::test
