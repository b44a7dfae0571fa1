#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/source/poll/poll_source.hpp>

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

constexpr SteadyTime kBegin{std::chrono::hours(1)};

/// `MS EVENT PID NAME`, `MS lost REASON (MISSED)`.
std::string line_of(const Event& event) {
    const auto ms = (event.at.steady - kBegin) / milliseconds(1);
    if (const Loss* loss = event.loss())
        return fmt::format("{} lost {} ({})", ms, loss->reason, loss->missed_ticks.value_or(0));
    return fmt::format("{} {} {} {}", ms, to_string(event.kind), event.actor.pid,
                       fd_of(event).descriptor.name);
}

/// Ticks of 100 ms in a tree that the test builds. There is no connector.
class PollSourceTest : public ::testing::Test {
  protected:
    PollSourceTest() {
        poller_.interval = milliseconds(100);
        for (const int pid : {10, 11}) proc_.add_process(pid, "worker");
        proc_.open(10, 3, "/a");
    }
    void make(const std::string& proc, WantedProcesses wanted, PollSource::MayEnd may_end = {}) {
        wanted.interval = poller_.interval;
        auto root = ProcRoot::open(proc);
        ASSERT_TRUE(root);
        auto source = PollSource::create(std::move(*root), poller_, std::move(wanted), numbers_,
                                         std::move(may_end));
        ASSERT_TRUE(source);
        source_ = std::move(*source);
        ASSERT_THAT(source_->find_processes(sink_), IsEmpty());
    }
    static WantedProcesses only(pid_t pid) {
        WantedProcesses wanted;
        wanted.pids = {pid};
        return wanted;
    }
    static WantedProcesses following(pid_t pid) {
        WantedProcesses wanted = only(pid);
        wanted.follow = true;
        return wanted;
    }
    static Now at(int ms) { return {WallTime(milliseconds(ms)), kBegin + milliseconds(ms)}; }
    State run(int ms) { return source_->run(at(ms), sink_); }
    /// Runs until the timetable begins, at 0.
    void begin() {
        ASSERT_EQ(run(0), State::busy);
        ASSERT_EQ(run(0), State::waiting);
        sink_.take_lines();
    }

    FakeProc proc_;
    PollerOptions poller_;
    test::KeptEvents sink_{line_of};
    Numbers numbers_;
    std::unique_ptr<PollSource> source_;
};

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

TEST_F(PollSourceTest, TellsOfLateLooksAtOnceAndThenOnceASecond) {
    make(proc_.path(), only(10));
    begin();
    run(450);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("450 lost 3 looks came late (3)"));
    run(750);
    EXPECT_THAT(sink_.take_lines(), IsEmpty());
    EXPECT_EQ(source_->totals().late_looks, 3U);
    source_->stop(at(800), sink_);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("800 lost 2 looks came late (2)"));
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

}  // namespace
}  // namespace logfia::test
