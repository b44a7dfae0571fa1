#include "support/model_run.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/close_range.h>
#include <sched.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

using Lines = std::vector<std::string>;

class ModelTest : public testing::Test {
  protected:
    ModelTest() {
        run.call(pid, call_of(Call::close, {-1}));
        take_lines();
    }
    ~ModelTest() override {
        if (run.checker.wrong().empty()) run.settle();
        if (run.checker.wrong().empty()) run.end();
        EXPECT_THAT(run.checker.wrong(), IsEmpty());
    }
    Lines take_lines() { return std::exchange(run.checker.lines, {}); }
    /// The thread calls, which settles what it did before.
    void touch(pid_t thread) { run.call(thread, call_of(Call::close, {-1})); }
    const ToldLife& last() const { return run.checker.told().back(); }

    ModelRun run;
    pid_t pid = run.command;
};

TEST_F(ModelTest, TellsWhatWasOpenWhenTheProgramBegan) {
    ModelRun fresh;
    fresh.call(fresh.command, call_of(Call::close, {-1}));
    EXPECT_THAT(fresh.checker.lines,
                ElementsAre("exec 100", "open 0 /in", "open 1 /out", "open 2 /err"));
    EXPECT_EQ(fresh.checker.told().front().origin, ModelObserver::Origin::initial);
}

TEST_F(ModelTest, AnOpenIsKnownAtTheNextCallAndHasItsOwnTime) {
    run.call(pid, open_file("/a"));
    const auto entered = run.kernel.now;
    EXPECT_THAT(take_lines(), IsEmpty());
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
    EXPECT_EQ(last().opened, entered);
}

TEST_F(ModelTest, AnOpenThatFailsIsNotTold) {
    auto action = open_file("/a");
    action.fails = true;
    run.call(pid, action);
    touch(pid);
    EXPECT_THAT(take_lines(), IsEmpty());
}

TEST_F(ModelTest, ACallThatWasNotLetGoOnHasNotHappened) {
    run.call(pid, open_file("/a"));
    run.stand(pid, call_of(Call::close, {3}));
    run.kernel.give_up(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
    touch(pid);
    EXPECT_THAT(take_lines(), IsEmpty());
}

TEST_F(ModelTest, TheSameFileAtTheSameNumberIsAnotherDescriptor) {
    for (int i = 0; i < 3; ++i) {
        run.call(pid, open_file("/a"));
        run.call(pid, call_of(Call::close, {3}));
    }
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 3", "open 3 /a", "close 3",
                                          "open 3 /a", "close 3"));
}

TEST_F(ModelTest, ADescriptorThatComesInAMessageIsFound) {
    run.kernel.receive(pid);
    touch(pid);
    EXPECT_EQ(last().origin, ModelObserver::Origin::found);
    run.call(pid, call_of(Call::close, {3}));
    EXPECT_THAT(take_lines(), Contains("close 3"));
}

TEST_F(ModelTest, EachKindOfDup) {
    run.call(pid, open_file("/a"));
    run.call(pid, call_of(Call::dup, {3}));
    run.call(pid, call_of(Call::fcntl, {3, F_DUPFD, 10}));
    run.call(pid, call_of(Call::dup2, {3, 0}));
    run.call(pid, call_of(Call::dup3, {3, 20, O_CLOEXEC}));
    run.call(pid, call_of(Call::dup2, {3, 3}));
    run.call(pid, call_of(Call::dup2, {9, 1}));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "open 4 /a", "open 10 /a", "close 0",
                                          "open 0 /a", "open 20 /a"));
    EXPECT_EQ(last().copy_of, 4U) << "the first after the three that were there";
}

TEST_F(ModelTest, PipesHaveTwoNumbers) {
    run.call(pid, call_of(Call::close, {1}));
    run.call(pid, call_of(Call::pipe2));
    touch(pid);
    const Lines lines = take_lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].substr(0, 12), "open 1 pipe:");
    EXPECT_EQ(lines[2].substr(0, 12), "open 3 pipe:");
    const auto& told = run.checker.told();
    EXPECT_EQ(told[told.size() - 2].made_with, 0U);
    EXPECT_EQ(told.back().made_with, told[told.size() - 2].id);
}

TEST_F(ModelTest, CloseRangeClosesWhatIsThere) {
    run.call(pid, open_file("/a"));
    run.call(pid, open_file("/b"));
    run.call(pid, call_of(Call::close_range, {1, 3, CLOSE_RANGE_CLOEXEC}));
    run.call(pid, call_of(Call::close_range, {4, 3, 0}));
    run.call(pid, call_of(Call::close_range, {3, -1, 0}));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "open 4 /b", "close 3", "close 4"));
}

TEST_F(ModelTest, AnExecClosesWhatIsMarked) {
    run.call(pid, open_file("/a", true));
    run.call(pid, open_file("/b"));
    run.call(pid, call_of(Call::execve));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "open 4 /b", "exec 100", "close 3"));
}

TEST_F(ModelTest, AnExecThatFailsClosesNothing) {
    run.call(pid, open_file("/a", true));
    auto exec = call_of(Call::execve);
    exec.fails = true;
    run.call(pid, exec);
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
}

/// Where the program before an exec could not be found out, nobody knows from the one that there is
/// whether the exec is over.
TEST_F(ModelTest, AnExecIsNotTakenForDoneForLackOfAnAnswer) {
    run.kernel.failing_questions = 2;
    run.enter(pid, call_of(Call::execve));
    EXPECT_EQ(run.kernel.failing_questions, 0);
    run.pass(std::chrono::milliseconds(20));
    EXPECT_THAT(take_lines(), IsEmpty());
    run.finish(pid);
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre(StartsWith("lost 100 "), "exec 100"));
}

TEST_F(ModelTest, OneQuestionWithoutAnAnswerIsAskedAgain) {
    run.kernel.failing_questions = 1;
    run.call(pid, call_of(Call::execve));
    run.kernel.failing_questions = 1;
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("exec 100"));
    const pid_t child = run.kernel.fork(pid);
    run.kernel.failing_questions = 1;
    run.call(child, open_file("/a"));
    touch(child);
    EXPECT_THAT(take_lines(), Contains("open 3 /a"));
}

TEST_F(ModelTest, CallsOfNobodyKnowsWhomAreToldToBeLost) {
    const pid_t child = run.kernel.fork(pid);
    for (int i = 0; i < 3; ++i) {
        run.kernel.failing_questions = 2;
        touch(child);
    }
    EXPECT_THAT(take_lines(), ElementsAre(StartsWith("lost 0 ")));
}

/// Records of others would wait for it as long as its caller sleeps.
TEST_F(ModelTest, AnExecThatFailsIsOverThoughItsCallerSleeps) {
    Action failing = call_of(Call::execve);
    failing.fails = true;
    run.call(pid, failing);
    EXPECT_TRUE(run.model.settled_until());
    for (int i = 0; i < 4; ++i) run.pass(std::chrono::milliseconds(2));
    EXPECT_FALSE(run.model.settled_until());
}

TEST_F(ModelTest, OthersDoNotWaitForAnExecThatLasts) {
    run.enter(pid, call_of(Call::execve));
    run.pass(std::chrono::milliseconds(50));
    EXPECT_TRUE(run.model.settled_until());
    run.pass(std::chrono::milliseconds(100));
    EXPECT_FALSE(run.model.settled_until());
    run.finish(pid);
    run.call(pid, call_of(Call::close, {-1}));
    EXPECT_THAT(take_lines(), Contains("exec 100"));
}

TEST_F(ModelTest, TheExecOfAThreadTakesTheProcessOver) {
    const pid_t thread = run.kernel.add_thread(pid);
    run.call(thread, open_file("/a", true));
    run.call(thread, call_of(Call::execve));
    run.finish(pid);  // under its new number
    ASSERT_EQ(run.kernel.find(thread), nullptr);
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "exec 100", "close 3"));
}

TEST_F(ModelTest, AnOpenThatWaitsIsSeenWhileItsThreadSleeps) {
    run.enter(pid, open_file("/fifo"));
    run.kernel.step(pid);  // the number is reserved
    run.pass(std::chrono::milliseconds(500));
    EXPECT_THAT(take_lines(), IsEmpty());
    const auto opened = run.kernel.now;
    run.finish(pid);
    run.pass(std::chrono::milliseconds(100));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /fifo"));
    EXPECT_GE(last().opened + std::chrono::milliseconds(1), opened) << "not when it was called";
}

// A look that found nothing has once gone past the number that the call had reserved.
TEST_F(ModelTest, AnOpenThatWaitsIsSeenThoughOthersHaveTheTable) {
    const pid_t thread = run.kernel.add_thread(pid);
    touch(thread);
    run.enter(thread, open_file("/fifo"));
    run.kernel.step(thread);
    run.pass(std::chrono::milliseconds(100));
    run.finish(thread);
    run.pass(std::chrono::milliseconds(100));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /fifo"));
}

TEST_F(ModelTest, WhatIsUnlinkedAtOnceHasItsName) {
    run.call(pid, open_file("/a"));
    run.call(pid, unlink_file("/a"));
    touch(pid);
    EXPECT_THAT(take_lines(), Contains("open 3 /a"));
}

TEST_F(ModelTest, AnUnlinkSettlesTheOpensOfOthers) {
    const pid_t child = run.kernel.fork(pid);
    touch(child);
    run.call(pid, open_file("/a"));
    run.call(child, unlink_file("/a"));
    EXPECT_THAT(take_lines(), Contains("open 3 /a"));
}

TEST_F(ModelTest, ARenameIsTold) {
    run.call(pid, open_file("/a"));
    run.call(pid, rename_file("/a", "/b"));
    touch(pid);
    run.pass(std::chrono::milliseconds(5));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "rename 3 /b"));
}

TEST_F(ModelTest, ASocketOnItsWayIsAskedAgain) {
    run.call(pid, call_of(Call::socket));
    run.checker.connecting = true;
    run.enter(pid, call_of(Call::connect, {3}));
    take_lines();
    run.pass(std::chrono::milliseconds(5));
    EXPECT_THAT(take_lines(), ElementsAre("ask 3"));
    run.checker.connecting = false;
    run.pass(std::chrono::milliseconds(50));
    EXPECT_THAT(take_lines(), ElementsAre("ask 3"));
    run.pass(std::chrono::milliseconds(500));
    EXPECT_THAT(take_lines(), IsEmpty());
}

/// Whoever calls next must not wait until a thousand sockets were asked.
TEST_F(ModelTest, NotAllSocketsOnTheirWayAreAskedAtOnce) {
    constexpr int kSockets = 100;
    constexpr std::size_t kMostAtOnce = 64;
    run.checker.connecting = true;
    for (int fd = 3; fd < 3 + kSockets; ++fd) {
        run.call(pid, call_of(Call::socket));
        run.call(pid, call_of(Call::connect, {fd}));
    }
    touch(pid);
    take_lines();
    run.kernel.now += std::chrono::minutes(1);
    const Now later{WallTime(), run.kernel.now};
    run.model.look(later);
    EXPECT_EQ(take_lines().size(), kMostAtOnce);
    run.model.look(later);
    EXPECT_EQ(take_lines().size(), kSockets - kMostAtOnce);
    run.checker.connecting = false;
}

TEST_F(ModelTest, TheEndClosesAll) {
    run.call(pid, open_file("/a"));
    run.call(pid, call_of(Call::exit_group, {3}));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 0 at exit", "close 1 at exit",
                                          "close 2 at exit", "close 3 at exit", "exit 100 768"));
}

TEST_F(ModelTest, WhoWasKilledLosesItsLastCall) {
    run.call(pid, open_file("/a"));
    run.kernel.kill(pid);
    run.tell_ends();
    EXPECT_THAT(take_lines(),
                Contains("lost 100 it was killed: what its last call opened was not seen"));
}

/// The kernel's count tells that something is there, or else a listing of the table does.
TEST(ModelOfHiddenLinks, TellsWhatIsOpenedWithoutItsName) {
    for (const auto count : {DescriptorCount::told, DescriptorCount::untold}) {
        ModelRun run({.count = count});
        const pid_t pid = run.command;
        run.call(pid, open_file("/a"));
        run.call(pid, call_of(Call::close, {-1}));
        run.checker.lines.clear();
        run.kernel.hides_links = true;
        Action failing = open_file("/none");
        failing.fails = true;
        run.call(pid, failing);
        run.call(pid, open_file("/b"));
        run.call(pid, call_of(Call::close, {3}));
        run.call(pid, call_of(Call::pipe2));
        run.call(pid, call_of(Call::close, {4}));
        EXPECT_THAT(run.checker.lines,
                    ElementsAre("lost 100 some of its links cannot be read", "open 4 ", "close 3",
                                "open 3 ", "open 5 ", "close 4"));
        run.settle();
        run.end();
        EXPECT_THAT(run.checker.wrong(), IsEmpty());
    }
}

/// The observer is asked what a child has from its parent, though nothing is told of it.
TEST_F(ModelTest, WhatIsInheritedAndNotToldIsShownOnce) {
    ModelRun untold({.inherited = Model::Inherited::untold});
    untold.call(untold.command, open_file("/a"));
    untold.call(untold.command, call_of(Call::close, {-1}));
    const pid_t child = untold.kernel.fork(untold.command);
    untold.checker.lines.clear();
    untold.call(child, call_of(Call::close, {0}));
    untold.call(child, call_of(Call::close, {-1}));
    EXPECT_THAT(untold.checker.lines, ElementsAre("start " + std::to_string(child), "inherited 0",
                                                  "inherited 1", "inherited 2", "inherited 3"));
    EXPECT_THAT(untold.checker.wrong(), IsEmpty());
}

}  // namespace
}  // namespace logfia
