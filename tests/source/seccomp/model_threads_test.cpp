// Several threads and processes have a table in common.

#include "support/model_run.hpp"

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
using testing::Not;

using Lines = std::vector<std::string>;

class ModelThreads : public testing::Test {
  protected:
    ModelThreads() {
        touch(pid);
        touch(thread);
        take_lines();
    }
    ~ModelThreads() override {
        if (run.checker.wrong().empty()) run.settle();
        if (run.checker.wrong().empty()) run.end();
        EXPECT_THAT(run.checker.wrong(), IsEmpty());
    }
    Lines take_lines() { return std::exchange(run.checker.lines, {}); }
    void touch(pid_t id) { run.call(id, call_of(Call::close, {-1})); }

    ModelRun run;
    pid_t pid = run.command;
    pid_t thread = run.kernel.add_thread(pid);
};

TEST_F(ModelThreads, TwoOpensGetTheirNumbersInAnyOrder) {
    run.enter(pid, open_file("/a"));
    run.enter(thread, open_file("/b"));
    run.finish(thread);
    run.finish(pid);
    touch(pid);
    touch(thread);
    Lines lines = take_lines();
    std::sort(lines.begin(), lines.end());
    EXPECT_EQ(lines, (Lines{"open 3 /b", "open 4 /a"}));
}

TEST_F(ModelThreads, AnOldFileIsNotTakenForTheNewOne) {
    run.call(pid, open_file("/a"));
    touch(pid);
    take_lines();
    run.enter(pid, call_of(Call::close, {3}));
    run.call(thread, open_file("/a"));  // gets 4, since 3 is open still
    touch(thread);
    run.finish(pid);
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("close 3", "open 4 /a"));
}

TEST_F(ModelThreads, TheSameFileAtANumberWhoseCloserHasNotCalledAgain) {
    const pid_t third = run.kernel.add_thread(pid);
    touch(third);
    run.call(pid, open_file("/a"));
    touch(pid);
    take_lines();
    run.call(pid, call_of(Call::close, {3}));
    run.call(thread, open_file("/a"));
    run.call(third, open_file("/a"));
    // Whichever of the two numbers is taken for this thread's, both are told.
    run.call(thread, call_of(Call::close, {3}));
    EXPECT_THAT(take_lines(), ElementsAre("close 3", "open 4 /a", "open 3 /a", "close 3"));
}

TEST_F(ModelThreads, TheSameFileIsClosedByOneToWhomAnothersWasGiven) {
    const pid_t third = run.kernel.add_thread(pid);
    touch(third);
    run.enter(pid, open_file("/a"));
    run.call(thread, open_file("/a"));
    run.pass(std::chrono::milliseconds(2));  // the number is taken for that of the first
    run.call(thread, call_of(Call::close, {3}));
    run.call(third, open_file("/a"));
    run.finish(pid);
    run.pass(std::chrono::milliseconds(2));  // 4 is taken for that of the third
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 3", "open 4 /a"));
    run.call(third, call_of(Call::close, {3}));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 3"));
}

TEST_F(ModelThreads, ADup2OfWhatAnotherHasJustOpened) {
    run.call(pid, open_file("/a"));
    run.call(thread, call_of(Call::dup2, {3, 0}));
    touch(thread);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 0", "open 0 /a"));
}

TEST_F(ModelThreads, ACopyIsNotTakenForAnothersPipe) {
    auto pipe = call_of(Call::pipe2);
    pipe.fails = true;
    run.enter(pid, pipe);
    run.call(thread, call_of(Call::dup2, {1, 0}));
    run.finish(pid);
    touch(pid);
    touch(thread);
    EXPECT_THAT(take_lines(), ElementsAre("close 0", "open 0 /out"));
}

TEST_F(ModelThreads, WhatOthersHaveJustOpenedIsToldBeforeTheEnd) {
    run.call(thread, open_file("/a"));
    run.call(pid, call_of(Call::exit_group));
    EXPECT_THAT(take_lines(), Contains("open 3 /a"));
}

TEST_F(ModelThreads, WhatOthersHaveJustOpenedIsToldBeforeAnExec) {
    run.call(thread, open_file("/a", true));
    run.call(pid, call_of(Call::execve));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "exec 100", "close 3"));
}

TEST_F(ModelThreads, WhatOthersHaveJustOpenedIsToldBeforeCloseRange) {
    run.call(thread, open_file("/a"));
    run.call(pid, call_of(Call::close_range, {3, 9, 0}));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "close 3"));
}

TEST_F(ModelThreads, TheTableOfOneThatLeavesItIsLookedIntoThroughAnother) {
    run.call(pid, call_of(Call::unshare, {CLONE_FILES}));
    run.call(thread, open_file("/a"));
    touch(thread);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
    touch(pid);
    EXPECT_THAT(take_lines(), Not(Contains("open 3 /a")));
}

TEST_F(ModelThreads, AThreadOfOneThatHasLeftTheTableHasTheNewOne) {
    run.call(pid, call_of(Call::unshare, {CLONE_FILES}));
    const pid_t other = run.kernel.add_thread(pid);
    run.call(other, open_file("/a"));
    touch(pid);
    touch(other);
    EXPECT_EQ(run.checker.told().back().table, 2U);
}

TEST_F(ModelThreads, CloseRangeInACopy) {
    run.call(pid, call_of(Call::close_range, {0, 1, CLOSE_RANGE_UNSHARE}));
    touch(thread);
    EXPECT_THAT(take_lines(), IsEmpty()) << "the other one still has them";
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 2 /err"));
}

/// A thread that may have left gets a new table of the model's, and the last one keeps the old.
TEST(ModelOfSplits, CloseRangeInACopyAndAnUnshareOfTheOther) {
    for (const auto count : {DescriptorCount::told, DescriptorCount::untold}) {
        ModelRun run({.count = count});
        const pid_t pid = run.command;
        const pid_t thread = run.kernel.add_thread(pid);
        for (const pid_t id : {pid, thread}) run.call(id, call_of(Call::close, {-1}));
        run.call(thread, call_of(Call::close_range, {0, 1, CLOSE_RANGE_UNSHARE}));
        run.checker.lines.clear();
        run.call(pid, call_of(Call::unshare, {CLONE_FILES}));
        run.call(pid, call_of(Call::close, {-1}));
        run.call(thread, call_of(Call::close, {-1}));
        EXPECT_THAT(run.checker.lines, ElementsAre("open 2 /err"));
        run.settle();
        run.end();
        EXPECT_THAT(run.checker.wrong(), IsEmpty());
    }
}

TEST_F(ModelThreads, TheFirstThreadEndsBeforeTheOthers) {
    run.call(pid, open_file("/a"));
    run.call(pid, call_of(Call::exit));
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
    run.call(thread, call_of(Call::close, {3}));
    run.call(thread, call_of(Call::exit));
    run.tell_ends();
    EXPECT_THAT(take_lines(), ElementsAre("close 3", "close 0 at exit", "close 1 at exit",
                                          "close 2 at exit", "exit 100 0"));
}

TEST_F(ModelThreads, AThreadThatNeverCallsKeepsTheTable) {
    const pid_t silent = run.kernel.add_thread(pid);
    run.call(pid, call_of(Call::exit));
    run.call(thread, call_of(Call::exit));
    EXPECT_THAT(take_lines(), IsEmpty());
    touch(silent);
    EXPECT_THAT(take_lines(), IsEmpty());
}

TEST_F(ModelThreads, AProcessThatSharesTheTableKeepsIt) {
    const pid_t child = run.kernel.fork(pid, true);
    touch(child);
    take_lines();
    run.call(pid, call_of(Call::exit_group));
    run.tell_ends();
    EXPECT_THAT(take_lines(), ElementsAre("exit 100 0"));
    run.call(child, open_file("/a"));
    touch(child);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
}

TEST_F(ModelThreads, AThreadThatAnExecEndsWhileItCallsChangesNothing) {
    run.call(pid, open_file("/a", true));
    run.enter(pid, call_of(Call::execve));
    run.kernel.between = [&] {
        run.kernel.between = nullptr;
        run.kernel.step(pid);
    };
    run.stand(thread, call_of(Call::close, {-1}));
    run.finish(pid);
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "exec 100", "close 3"));
}

TEST_F(ModelThreads, ADescriptorInAMessageIsFoundBehindAnothersClose) {
    run.call(pid, open_file("/a"));
    run.call(pid, call_of(Call::close, {3}));
    run.kernel.receive(thread);
    run.kernel.receive(thread);
    touch(thread);
    EXPECT_EQ(take_lines().size(), 4U);
}

TEST_F(ModelThreads, TwoExecsAtOnceOneOfWhichFails) {
    Action failing = call_of(Call::execve);
    failing.fails = true;
    run.enter(thread, call_of(Call::execve));
    run.call(pid, failing);
    touch(pid);
    run.finish(thread);
    run.finish(pid);
    run.call(pid, open_file("/a"));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("exec 100", "open 3 /a"));
}

TEST_F(ModelThreads, AnExecAfterTheFirstThreadHasExited) {
    run.call(pid, call_of(Call::exit));
    run.kernel.fork(thread, true);  // so that the exec makes a table of its own
    run.call(thread, call_of(Call::execve));
    run.finish(pid);  // with the number of the first thread
    // The checker wants to know by which call: nobody else has the table.
    run.call(pid, open_file("/a"));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("exec 100", "open 3 /a"));
}

TEST_F(ModelThreads, WhatIsOpenedInARangeThatIsBeingClosed) {
    run.enter(pid, call_of(Call::close_range, {3, 5, 0}));
    run.call(thread, open_file("/a"));
    run.enter(thread, call_of(Call::pipe2));
    run.finish(pid);
    run.finish(thread);
    touch(thread);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a", "open 4 pipe:[4]"));
    touch(pid);
    EXPECT_THAT(take_lines(), ElementsAre("close 3", "open 3 pipe:[3]"));
}

TEST_F(ModelThreads, AProcessThatIsKilledLeavesTheTableToAnother) {
    const pid_t other = run.kernel.fork(thread, true);
    touch(other);
    take_lines();
    run.kernel.kill(pid);
    touch(other);  // before its end is told
    run.tell_ends();
    EXPECT_THAT(take_lines(), ElementsAre("exit 100 ?"));
}

TEST_F(ModelThreads, AThreadThatNeverCallsKeepsATableOfTwoProcesses) {
    const pid_t other = run.kernel.fork(thread, true);
    touch(other);
    const pid_t silent = run.kernel.add_thread(pid);
    run.call(thread, call_of(Call::exit));
    run.call(pid, call_of(Call::exit));
    run.kernel.kill(other);
    run.tell_ends();
    take_lines();
    run.call(silent, open_file("/a"));
    touch(silent);
    EXPECT_THAT(take_lines(), ElementsAre("open 3 /a"));
}

TEST_F(ModelThreads, AFileThatIsUnlinkedWhileItIsBeingClosed) {
    run.call(pid, open_file("/a"));
    touch(pid);
    run.enter(thread, unlink_file("/a"));
    run.pass(std::chrono::milliseconds(1));  // the model looks, and the unlink is not over
    const pid_t closer = run.kernel.add_thread(pid);
    take_lines();
    run.enter(closer, call_of(Call::close, {3}));
    run.finish(thread);
    touch(pid);
    run.finish(closer);
    EXPECT_THAT(take_lines(), ElementsAre("close 3"));
}

}  // namespace
}  // namespace logfia
