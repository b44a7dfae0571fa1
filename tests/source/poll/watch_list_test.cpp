#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/source/poll/watch_list.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeProc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = RunGate::Verdict;

class WatchListTest : public ::testing::Test {
  protected:
    void add_process(pid_t pid, std::string_view comm, std::uint64_t start_time = 1000) {
        proc_.add_process(pid, comm);
        proc_.set_stat(pid, {.start_time = start_time});
    }
    void watch_in(const std::string& path) {
        auto root = ProcRoot::open(path);
        ASSERT_TRUE(root);
        root_.emplace(std::move(*root));
        list_.emplace(*root_, numbers_);
    }
    WatchedProcess& watch(pid_t pid, Holding holding = Holding::nothing, Origin origin = {}) {
        if (!list_) watch_in(proc_.path());
        auto process = Process::open(*root_, pid, holding);
        EXPECT_TRUE(process);
        list_->add(std::move(*process), std::move(origin));
        // The newest one comes first of all that have its PID.
        for (const auto& one : list_->all())
            if (one->process.pid() == pid) return *one;
        throw std::logic_error("it was not added");
    }
    /// Behaves as a look that has seen a file of that name.
    static void see(WatchedProcess& watched, int fd) {
        watched.snapshot.entries().push_back({.fd = fd});
        watched.begun = true;
    }

    FakeProc proc_;
    Numbers numbers_;
    std::optional<ProcRoot> root_;
    std::optional<WatchList> list_;
};

TEST_F(WatchListTest, IsInTheOrderOfThePids) {
    std::vector<pid_t> pids;
    for (const pid_t pid : {42, 7, 300}) add_process(pid, "worker");
    for (const pid_t pid : {42, 7, 300}) watch(pid);
    for (const auto& one : list_->all()) pids.push_back(one->process.pid());
    EXPECT_THAT(pids, ElementsAre(7, 42, 300));
    EXPECT_THAT(list_->pids(), ElementsAre(7, 42, 300));
    EXPECT_EQ(list_->watched(), 3U);
    EXPECT_TRUE(list_->watches(42));
    EXPECT_TRUE(list_->watches(42, 1000));
    EXPECT_FALSE(list_->watches(42, 2000)) << "another process has that number";
    EXPECT_FALSE(list_->watches(43));
}

/// The end of the first one has been noticed, but not reported yet.
TEST_F(WatchListTest, TwoProcessesOfOnePidStandSideBySide) {
    add_process(42, "old");
    WatchedProcess& first = watch(42);
    see(first, 3);
    proc_.end(42);
    list_->end(first);
    EXPECT_FALSE(list_->watches(42));
    add_process(42, "new", 2000);
    const WatchedProcess& second = watch(42);
    EXPECT_NE(first.actor.number, second.actor.number);
    EXPECT_EQ(list_->watched(), 2U);
    EXPECT_TRUE(list_->watches(42, 2000));
    EXPECT_EQ(list_->newest(42), &second);
    list_->forget_ended();
    EXPECT_EQ(list_->watched(), 1U);
    EXPECT_EQ(list_->newest(42), &second);
    EXPECT_EQ(list_->seen(), 2U);
}

TEST_F(WatchListTest, KeepsTheLastTablesOfThoseThatHaveEnded) {
    add_process(42, "worker");
    add_process(43, "never looked at");
    see(watch(42), 3);
    watch(43);
    for (const auto& one : list_->all()) list_->end(*one);
    EXPECT_EQ(list_->past_table(42), nullptr) << "it is still in the list";
    list_->forget_ended();
    ASSERT_NE(list_->past_table(42), nullptr);
    EXPECT_NE(list_->past_table(42)->find(3), nullptr);
    EXPECT_EQ(list_->past_table(43), nullptr);
    list_->forget_past(42);
    EXPECT_EQ(list_->past_table(42), nullptr);
}

/// Orphans of a command may come at any time.
TEST_F(WatchListTest, KeepsACommandsTableForGood) {
    add_process(42, "command");
    see(watch(42, Holding::nothing, {Origin::Start::launched, {}, {}}), 3);
    list_->end(*list_->all().front());
    list_->forget_ended();
    for (std::size_t i = 0; i <= PastTables::kMost; ++i) {
        add_process(43, "child");
        see(watch(43), 3);
        list_->end(*list_->all().front());
        list_->forget_ended();
        proc_.end(43);
    }
    EXPECT_NE(list_->past_table(42), nullptr);
}

TEST_F(WatchListTest, HandsOverPidfdsOnceAndOnlyOfThoseThatLive) {
    watch_in("/proc");
    const test::FdMaker first;
    const test::FdMaker second;
    WatchedProcess& watched = watch(first.pid(), Holding::descriptors);
    const int pidfd = watched.process.pidfd();
    EXPECT_THAT(list_->pidfds().collect_new(), ElementsAre(pidfd));
    EXPECT_THAT(list_->pidfds().collect_new(), IsEmpty());
    EXPECT_TRUE(list_->pidfds().contains(pidfd));
    EXPECT_EQ(list_->pidfds().owner_of(pidfd), &watched);
    list_->end(watched);
    EXPECT_FALSE(list_->pidfds().contains(pidfd));
    EXPECT_EQ(list_->pidfds().owner_of(pidfd), nullptr);
    list_->end(watch(second.pid(), Holding::descriptors));
    EXPECT_THAT(list_->pidfds().collect_new(), IsEmpty());
}

TEST_F(WatchListTest, CollectsOnceWhoWasLookedAt) {
    for (const pid_t pid : {42, 43}) add_process(pid, "worker");
    watch(42).looked_at = true;
    watch(43);
    std::vector<pid_t> looked_at{1};
    list_->collect_looked_at(looked_at);
    EXPECT_THAT(looked_at, ElementsAre(42));
    list_->collect_looked_at(looked_at);
    EXPECT_THAT(looked_at, IsEmpty());
}

TEST_F(WatchListTest, ANameThatIsToldIsReadOfTheProcessItself) {
    add_process(42, "before");
    const WatchedProcess& watched = watch(42);
    proc_.set_comm(42, "after");
    proc_.set_stat(42, {});
    EXPECT_TRUE(list_->note_exec(42));
    EXPECT_EQ(watched.actor.comm, "after");
    EXPECT_FALSE(list_->note_exec(43)) << "nobody watches it";
}

/// By then the number belongs to another process.
TEST_F(WatchListTest, ANameIsNeverTakenFromAnotherProcess) {
    add_process(42, "old");
    const WatchedProcess& watched = watch(42);
    proc_.end(42);
    add_process(42, "new", 2000);
    EXPECT_TRUE(list_->note_exec(42));
    list_->note_comm(42, "new");
    EXPECT_EQ(watched.actor.comm, "old");
}

/// There is no connector, so names are read again.
TEST_F(WatchListTest, ANameIsReadAgainOnceASecondAfterTheProcessHasRun) {
    add_process(42, "a");
    WatchedProcess& watched = watch(42);
    watched.begun = true;
    SteadyTime now{seconds(1000)};
    const auto name_after = [&](std::string_view comm, Verdict verdict, Duration later) {
        proc_.set_comm(42, comm);
        proc_.set_stat(42, {});
        now += later;
        watched.keep_comm_current(*root_, verdict, now);
        return watched.actor.comm;
    };
    EXPECT_EQ(name_after("b", Verdict::look, milliseconds(0)), "b");
    EXPECT_EQ(name_after("c", Verdict::look, milliseconds(999)), "b") << "too early";
    EXPECT_EQ(name_after("c", Verdict::skip, milliseconds(1)), "c") << "it has run since";
    EXPECT_EQ(name_after("d", Verdict::skip, seconds(5)), "c") << "it has not run";
    EXPECT_EQ(name_after("d", Verdict::recheck, seconds(5)), "c");
    EXPECT_EQ(name_after("d", Verdict::look, seconds(5)), "d");
}

}  // namespace
}  // namespace logfia
