// What the source makes of news of processes, which a test tells in place of the connector.

#include "process/fake_events.hpp"
#include "source/poll/poll_source_fixture.hpp"
#include "support/fd_maker_client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <utility>

namespace logfia::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using State = Source::State;

class PollSourceNewsTest : public PollSourceTest {
  protected:
    void make_with_news(WantedProcesses wanted) {
        auto events = std::make_unique<FakeEvents>();
        news_ = events.get();
        make(proc_.path(), std::move(wanted), {}, std::move(events));
    }
    /// Each has a file open.
    void add_child(int pid, int parent = 10) {
        proc_.add_process(pid, "child");
        proc_.open(pid, 3, fmt::format("/of/{}", pid));
        news_->fork(pid, parent);
    }
    void add_children(int first, int count) {
        for (int pid = first; pid < first + count; ++pid) add_child(pid);
    }
    [[nodiscard]] bool is_ready() const {
        pollfd ready{source_->ready_fd(), POLLIN, 0};
        return poll(&ready, 1, 0) == 1;
    }
    [[nodiscard]] std::uint64_t processes() const { return source_->totals().processes; }

    FakeEvents* news_ = nullptr;
};

TEST_F(PollSourceNewsTest, AChildIsLookedAtAtOnce) {
    make_with_news(following(10));
    begin();
    EXPECT_FALSE(is_ready());
    add_child(20);
    EXPECT_TRUE(is_ready());
    EXPECT_EQ(run(50), State::waiting);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("50 open 20 /of/20"));
    EXPECT_EQ(source_->next(), at(100).steady);
}

TEST_F(PollSourceNewsTest, AStormIsHeardInSlicesAndEachIsLookedAt) {
    make_with_news(following(10));
    begin();
    add_children(20, 2 * FakeEvents::kAtOnce);
    EXPECT_EQ(run(50), State::busy);
    EXPECT_THAT(sink_.take_lines(), Contains("50 open 20 /of/20"));
    EXPECT_EQ(processes(), 1U + FakeEvents::kAtOnce);
    EXPECT_EQ(run(51), State::busy);
    EXPECT_THAT(sink_.take_lines(), Contains("51 open 27 /of/27"));
    EXPECT_EQ(run(52), State::waiting) << "nothing is left";
}

TEST_F(PollSourceNewsTest, AStormKeepsNoTickAway) {
    make_with_news(following(10));
    begin();
    add_children(20, 100 * FakeEvents::kAtOnce);
    EXPECT_EQ(run(50), State::busy);
    proc_.open(10, 4, "/b");
    EXPECT_EQ(run(100), State::busy);
    EXPECT_THAT(sink_.take_lines(), Contains("100 open 10 /b"));
}

/// Where each tick comes late, a slice of news and then a look would be heard too slowly.
TEST_F(PollSourceNewsTest, WhereTicksComeLateManyNewsAreHeardBeforeALookButNotWithoutEnd) {
    make_with_news(following(10));
    begin();
    add_children(100, 100 * FakeEvents::kAtOnce);
    int slices = 0;
    for (; news_->unread() > 0 && slices < 200; ++slices)
        EXPECT_EQ(run(450 * (slices + 1)), State::busy);
    EXPECT_LT(slices, 105);
    EXPECT_EQ(source_->totals().looks, 3U) << "the first, one before the news and one amid them";
    EXPECT_THAT(sink_.take_lines(), Contains("900 open 104 /of/104")) << "each at its own time";
}

TEST_F(PollSourceNewsTest, AnOverflowIsToldAndMendedOnceAllIsHeard) {
    make_with_news(following(10));
    begin();
    add_children(20, FakeEvents::kAtOnce);
    news_->overflow();
    proc_.add_process(50, "untold");
    proc_.open(50, 3, "/of/50");
    proc_.children(10, "20 50 ");
    EXPECT_EQ(run(50), State::busy);
    EXPECT_THAT(sink_.take_lines(), IsEmpty()) << "until then the kernel drops what comes";
    EXPECT_EQ(run(51), State::busy);
    EXPECT_THAT(sink_.take_lines(), Not(Contains(HasSubstr("lost"))));
    EXPECT_EQ(run(52), State::waiting);
    const Lines lines = sink_.take_lines();
    EXPECT_THAT(lines, Contains(HasSubstr("52 lost the kernel dropped notices")));
    EXPECT_THAT(lines, Contains("52 open 50 /of/50"));
}

TEST_F(PollSourceNewsTest, TheLastProcessMayHaveLeftAChild) {
    make_with_news(following(10));
    begin();
    proc_.end(10);
    EXPECT_EQ(run(100), State::busy);
    add_child(20);
    EXPECT_EQ(run(101), State::waiting);
    EXPECT_THAT(sink_.take_lines(), Contains("101 open 20 /of/20"));
    proc_.end(20);
    EXPECT_EQ(run(200), State::busy);
    EXPECT_EQ(run(201), State::ended);
}

TEST_F(PollSourceNewsTest, NewsWaitInAPauseAndWakeNobody) {
    make_with_news(following(10));
    begin();
    source_->pause(at(10));
    add_child(20);
    EXPECT_FALSE(is_ready());
    source_->resume(at(50), sink_);
    EXPECT_TRUE(is_ready());
    EXPECT_EQ(run(51), State::waiting);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("51 open 20 /of/20"));
}

TEST_F(PollSourceNewsTest, WhatCameJustBeforeTheEndIsLookedAt) {
    make_with_news(following(10));
    begin();
    add_child(20);
    source_->stop(at(50), sink_);
    EXPECT_THAT(sink_.take_lines(), ElementsAre("50 open 20 /of/20"));
}

TEST_F(PollSourceNewsTest, WhatCameInAPauseThatIsCutShortIsLookedAt) {
    make_with_news(following(10));
    begin();
    source_->pause(at(10));
    add_children(20, 3 * FakeEvents::kAtOnce);
    source_->stop(at(50), sink_);
    EXPECT_THAT(sink_.take_lines(), SizeIs(3 * FakeEvents::kAtOnce));
}

/// With a process that is held by its pidfd.
class PollSourceNewsOfARealOneTest : public PollSourceNewsTest {
  protected:
    void watch() {
        auto events = std::make_unique<FakeEvents>();
        news_ = events.get();
        make("/proc", following(maker_.pid()), {}, std::move(events));
        begin();
    }
    void end_it() {
        maker_.child().signal(SIGKILL);
        pollfd ready{source_->ready_fd(), POLLIN, 0};
        ASSERT_EQ(poll(&ready, 1, 10'000), 1);
    }

    FdMaker maker_;
};

TEST_F(PollSourceNewsOfARealOneTest, EndsInAPauseWithTheLastProcess) {
    watch();
    source_->pause(at(10));
    end_it();
    EXPECT_EQ(run(20), State::ended);
}

TEST_F(PollSourceNewsOfARealOneTest, GoesOnAfterAPauseWithTheChildThatTheLastProcessHasLeft) {
    watch();
    FdMaker child;
    source_->pause(at(10));
    news_->fork(child.pid(), maker_.pid());
    end_it();
    EXPECT_NE(run(20), State::ended);
    EXPECT_EQ(processes(), 2U);
}

}  // namespace
}  // namespace logfia::test
