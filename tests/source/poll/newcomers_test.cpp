#include "source/poll/newcomers_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeProc;
using test::FakeStat;
using test::Lines;
using test::NewcomersTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(NewcomersTest, NamesThatAreThereAndThatCome) {
    add(10, "worker1");
    proc_.open(10, 3, "/a");
    add(11, "other");
    proc_.open(11, 3, "/b");
    watch(named("worker*"));
    EXPECT_THAT(seen_.notices, IsEmpty());
    EXPECT_THAT(tick(), ElementsAre("open initial 10 /a"));
    add(12, "worker2", 11, 6000);
    proc_.open(12, 3, "/b");
    proc_.open(12, 4, "/c");
    EXPECT_THAT(tick(), ElementsAre("open initial 12 /b", "open 12 /c"))
        << "its parent has /b there, /c it opened itself";
    proc_.end(10);
    EXPECT_THAT(tick(), ElementsAre("close 10 /a"));
    EXPECT_TRUE(set_->awaits_more());
}

TEST_F(NewcomersTest, WithNobodyThereItSaysSoOnce) {
    watch(named("worker*"));
    EXPECT_THAT(seen_.notices, ElementsAre("no process to watch is named 'worker*' yet: waiting"));
    tick();
    tick();
    EXPECT_EQ(seen_.notices.size(), 1U);
    add(10, "worker", 1, 6000);
    proc_.open(10, 3, "/a");
    EXPECT_THAT(tick(), ElementsAre("open 10 /a")) << "nobody can have given it that";
}

TEST_F(NewcomersTest, ANameThatComesWithAnExec) {
    add(10, "sh", 1, 6000);
    watch(named("worker"));
    tick_for_long();
    proc_.set_comm(10, "worker");
    FakeStat stat;
    stat.start_time = 6000;
    proc_.set_stat(10, stat);
    proc_.open(10, 3, "/a");
    EXPECT_THAT(tick_for_long(), ElementsAre("open 10 /a"));
}

TEST_F(NewcomersTest, OnceWatchedItIsWatchedToItsEnd) {
    add(10, "worker");
    watch(named("worker"));
    tick();
    proc_.set_comm(10, "other");
    proc_.set_stat(10, {});
    proc_.open(10, 3, "/a");
    EXPECT_THAT(tick(), ElementsAre("open 10 /a"));
}

TEST_F(NewcomersTest, AllButOurselvesAndKernelThreads) {
    add(10, "a");
    proc_.open(10, 3, "/a");
    add(2, "kthreadd");
    FakeStat kernel;
    kernel.flags = 0x200000;
    proc_.set_stat(2, kernel);
    proc_.open(kSelf, 3, "/ours");
    WantedProcesses wanted;
    wanted.all = true;
    watch(wanted);
    EXPECT_THAT(tick(), ElementsAre("open initial 10 /a"));
    EXPECT_THAT(seen_.notices, IsEmpty());
}

TEST_F(NewcomersTest, OfOneUser) {
    proc_.add_process(10, "a", 1000);
    proc_.add_process(11, "b", 1001);
    proc_.open(10, 3, "/a");
    proc_.open(11, 3, "/b");
    WantedProcesses wanted;
    wanted.all = true;
    wanted.user = 1001;
    watch(wanted);
    EXPECT_THAT(tick(), ElementsAre("open initial 11 /b"));
}

TEST_F(NewcomersTest, ChildrenAndTheirsAreFound) {
    add(10, "parent");
    proc_.open(10, 3, "/given");
    add(11, "child", 10);
    proc_.open(11, 3, "/given");
    proc_.children(10, "11 ");
    watch(following(10));
    EXPECT_THAT(tick(), ElementsAre("open initial 10 /given", "open initial 11 /given"));
    add(12, "grandchild", 11, 6000);
    proc_.open(12, 3, "/given");
    proc_.open(12, 4, "/own");
    proc_.children(11, "12 ");
    EXPECT_THAT(tick(), ElementsAre("open initial 12 /given", "open 12 /own"));
    // The parent ends and leaves an orphan, which stays.
    proc_.end(11);
    proc_.children(10, "");
    EXPECT_THAT(tick(), ElementsAre("close 11 /given"));
    proc_.open(12, 5, "/later");
    EXPECT_THAT(tick(), ElementsAre("open 12 /later"));
    EXPECT_FALSE(set_->awaits_more());
}

TEST_F(NewcomersTest, OrphansOfACommandBecomeOurChildren) {
    add(10, "command", kSelf, 6000);
    WantedProcesses wanted;
    wanted.follow = wanted.orphans_are_ours = true;
    watch_command(wanted, 10);
    tick();
    proc_.open(10, 3, "/given");
    tick();
    for (const int orphan : {20, 21}) {
        add(orphan, "orphan", kSelf, 6000);
        proc_.open(orphan, 3, "/given");
        proc_.open(orphan, 4, "/own");
        proc_.open(orphan, 5, "pipe:[77]");
    }
    proc_.children(kSelf, "10 20 ");
    EXPECT_THAT(tick(),
                ElementsAre("open initial 20 /given", "open 20 /own", "open initial 20 pipe:[77]"));
    // The command may have ended by then.
    proc_.end(10);
    proc_.children(kSelf, "20 ");
    tick();
    proc_.children(kSelf, "20 21 ");
    EXPECT_THAT(tick(),
                ElementsAre("open initial 21 /given", "open 21 /own", "open initial 21 pipe:[77]"));
}

TEST_F(NewcomersTest, WhatAChildOfACommandOpensBeforeItIsSeenIsItsOwn) {
    add(10, "command", kSelf, 6000);
    WantedProcesses wanted;
    wanted.follow = wanted.orphans_are_ours = true;
    watch_command(wanted, 10);
    tick();
    proc_.open(10, 3, "/given");
    tick();
    add(20, "child", 10, 6000);
    proc_.open(20, 3, "/given");
    proc_.open(20, 4, "/own");
    proc_.children(10, "20 ");
    EXPECT_THAT(tick(), ElementsAre("open initial 20 /given", "open 20 /own"));
}

/// Another process has that PID now.
TEST_F(NewcomersTest, AReusedPidIsAnotherProcess) {
    add(10, "worker", 1, 6000);
    proc_.open(10, 3, "/old");
    watch(named("worker"));
    EXPECT_THAT(tick(), ElementsAre("open 10 /old"));
    proc_.end(10);
    add(10, "worker", 1, 7000);
    proc_.open(10, 3, "/young");
    Lines lines = tick();
    for (std::string& line : tick()) lines.push_back(std::move(line));
    EXPECT_THAT(lines, ElementsAre("close 10 /old", "open 10 /young"));
    EXPECT_EQ(poller_->processes().seen(), 2U);
}

TEST_F(NewcomersTest, AReusedPidThatIsNotWantedIsNotWatched) {
    add(10, "worker", 1, 6000);
    proc_.open(10, 3, "/old");
    watch(named("worker"));
    tick();
    proc_.end(10);
    add(10, "stranger", 1, 7000);
    proc_.open(10, 3, "/young");
    EXPECT_THAT(tick_for_long(), ElementsAre("close 10 /old"));
    EXPECT_EQ(poller_->processes().watched(), 0U);
}

TEST_F(NewcomersTest, WhoeverIsNotThereIsAnError) {
    add(10, "a");
    WantedProcesses wanted;
    wanted.pids = {10, 11};
    watch(wanted);
    ASSERT_EQ(errors_.size(), 1U);
    EXPECT_THAT(describe(errors_[0]), HasSubstr("process 11"));
    EXPECT_GT(poller_->processes().watched(), 0U);
}

/// Processes that come and go leave nothing behind.
TEST_F(NewcomersTest, ProcessesThatComeAndGo) {
    WantedProcesses wanted;
    wanted.all = true;
    watch(wanted);
    for (int pid = 2000; pid < 2300; ++pid) {
        add(pid, "short", 1, 6000);
        proc_.open(pid, 3, "/a");
        ASSERT_THAT(tick(), ElementsAre(fmt::format("open {} /a", pid)));
        proc_.end(pid);
        ASSERT_THAT(tick(), ElementsAre(fmt::format("close {} /a", pid)));
        ASSERT_EQ(poller_->processes().watched(), 0U);
    }
}

}  // namespace
}  // namespace logfia
