// The processes that a set finds, and what it reports about them to the watcher.

#include "process/fake_watcher.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/process/process_set.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeProc;
using test::FakeStat;
using test::FakeWatcher;
using test::KeptEvents;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A set in a procfs that is not ours, so that there is no connector but the test.
class Finding : public ::testing::Test {
  protected:
    static constexpr int kSelf = 1000;

    Finding() {
        add(kSelf, "logfia", 1, 5000);
        proc_.set_status(kSelf, 1000, {kSelf, 7});  // in a PID namespace of its own
        proc_.self_is(kSelf);
    }
    void add(int pid, std::string_view comm, int parent = 1, std::uint64_t start_time = 1000) {
        proc_.add_process(pid, comm);
        FakeStat stat;
        stat.parent = parent;
        stat.start_time = start_time;
        proc_.set_stat(pid, stat);
    }
    void make(WantedProcesses wanted) {
        auto root = ProcRoot::open(proc_.path());
        ASSERT_TRUE(root);
        root_.emplace(std::move(*root));
        const DescriptorBudget budget(wanted.expected());
        set_.emplace(std::move(wanted), milliseconds(100), budget, *root_, watcher_, nullptr);
    }
    Lines begin(WantedProcesses wanted) {
        make(std::move(wanted));
        EXPECT_THAT(set_->begin(heard_), IsEmpty());
        return std::exchange(watcher_.told, {});
    }
    void TearDown() override { EXPECT_THAT(heard_.events, IsEmpty()); }
    /// A tick of a watch, in which these processes are looked at.
    Lines tick(const std::vector<pid_t>& looked_at = {}) {
        now_.steady += milliseconds(100);
        set_->refresh(now_, heard_);
        for (const pid_t pid : looked_at) watcher_.look_at(pid);
        while (set_->adopt_children(heard_)) {
        }
        return std::exchange(watcher_.told, {});
    }
    Lines hear(const std::vector<ProcessEvent>& news) {
        set_->hear(news, heard_);
        return std::exchange(watcher_.told, {});
    }
    static WantedProcesses named(const char* name) {
        WantedProcesses wanted;
        wanted.names = {name};
        return wanted;
    }
    static WantedProcesses following(pid_t pid) {
        WantedProcesses wanted;
        wanted.pids = {pid};
        wanted.follow = true;
        return wanted;
    }

    FakeProc proc_;
    FakeWatcher watcher_;
    std::optional<ProcRoot> root_;
    std::optional<ProcessSet> set_;
    KeptEvents heard_;
    Now now_{WallTime(seconds(1'500'000'000)), SteadyTime(seconds(1000))};
};

TEST_F(Finding, ByNameWhoIsThereAndWhoComes) {
    add(10, "worker");
    add(11, "other");
    EXPECT_THAT(begin(named("work*")), ElementsAre("10 before 1"));
    EXPECT_THAT(tick(), IsEmpty());
    add(12, "worker", 11, 6000);
    EXPECT_THAT(tick(), ElementsAre("12 during 11"));
    EXPECT_THAT(tick(), IsEmpty());
    EXPECT_TRUE(set_->awaits_more());
}

TEST_F(Finding, ANumberThatIsGivenAgainIsAnotherProcess) {
    add(10, "worker");
    begin(named("worker"));
    watcher_.end(10);
    proc_.end(10);
    EXPECT_THAT(tick(), IsEmpty());
    add(10, "worker", 1, 7000);
    EXPECT_THAT(tick(), ElementsAre("10 during 1"));
}

/// A process that has not run has no new children.
TEST_F(Finding, ChildrenOfThoseThatWereLookedAt) {
    add(10, "parent");
    EXPECT_THAT(begin(following(10)), ElementsAre("10 before"));
    add(11, "child", 10, 6000);
    proc_.children(10, "11 ");
    EXPECT_THAT(tick(), IsEmpty());
    EXPECT_THAT(tick({10}), ElementsAre("11 during 10"));
    add(12, "grandchild", 11, 6000);
    proc_.children(11, "12 ");
    EXPECT_THAT(tick({10, 11}), ElementsAre("12 during 11 10"));
}

TEST_F(Finding, DescendantsThatAreThereAlready) {
    add(10, "parent");
    add(11, "child", 10);
    add(12, "grandchild", 11);
    proc_.children(10, "11 ");
    proc_.children(11, "12 ");
    EXPECT_THAT(begin(following(10)), ElementsAre("10 before", "11 before 10", "12 before 11 10"));
}

TEST_F(Finding, ACommandAndWhatItWasGiven) {
    add(10, "command", kSelf, 6000);
    make({});
    ASSERT_TRUE(set_->begin_with(10, {{0, "/dev/null"}, {3, "/given"}}));
    EXPECT_THAT(watcher_.told, ElementsAre("10 launched 0=/dev/null 3=/given"));
}

TEST_F(Finding, ByNewsAChildWhoseParentHasEnded) {
    add(10, "parent");
    begin(following(10));
    add(11, "child", 10, 6000);
    EXPECT_THAT(hear({{ProcessEvent::Kind::fork, 11, 10}}), ElementsAre("11 during 10"));
    proc_.end(10);
    add(12, "grandchild", 11, 6000);
    EXPECT_THAT(hear({{ProcessEvent::Kind::exit, 10, 0}, {ProcessEvent::Kind::fork, 12, 11}}),
                ElementsAre("12 during 11 the late 10"));
    EXPECT_THAT(watcher_.forgotten, ElementsAre(11, 12));
}

TEST_F(Finding, NewsOfNamesGoToTheWatcher) {
    add(10, "worker");
    begin(named("worker"));
    ProcessEvent renamed{ProcessEvent::Kind::comm, 10, 0, {"other"}};
    EXPECT_THAT(hear({renamed, {ProcessEvent::Kind::exec, 10, 0}}),
                ElementsAre("10 comm other", "10 exec"));
}

/// An exec gives a process the wanted name.
TEST_F(Finding, AnExecOfAStrangerMayMakeItWanted) {
    add(10, "sh", 1, 6000);
    begin(named("worker"));
    FakeStat stat;
    stat.start_time = 6000;
    proc_.set_comm(10, "worker");
    proc_.set_stat(10, stat);
    EXPECT_THAT(hear({{ProcessEvent::Kind::exec, 10, 0}}), ElementsAre("10 during 1"));
}

TEST_F(Finding, NotNameWinsOverNameAndAll) {
    add(10, "worker");
    add(11, "worker-noise");
    add(12, "other");
    proc_.exe(12, "/opt/noise (deleted)");
    WantedProcesses wanted;
    wanted.names = {"w*"};
    wanted.not_names = {"*noise"};
    EXPECT_THAT(begin(wanted), ElementsAre("10 before 1"));
    wanted.names.clear();
    wanted.all = true;
    watcher_.end(10);
    EXPECT_THAT(begin(wanted), ElementsAre("10 before 1"));
}

/// An exec is heard after the end, and says nothing new.
TEST_F(Finding, ProcessesThatAreGoneAreCountedOnce) {
    add(10, "parent");
    WantedProcesses wanted;
    wanted.pids = {10};
    wanted.follow = true;
    begin(wanted);
    add(21, "child", 10);
    const std::vector<ProcessEvent> news = {{ProcessEvent::Kind::fork, 20, 10},
                                            {ProcessEvent::Kind::exec, 20, 0},
                                            {ProcessEvent::Kind::fork, 21, 10}};
    set_->hear(news, heard_);
    EXPECT_EQ(set_->missed().unseen, 1U);
    proc_.end(21);
    watcher_.end(21);
    const std::vector<ProcessEvent> late = {{ProcessEvent::Kind::exec, 21, 0},
                                            {ProcessEvent::Kind::exit, 21, 0},
                                            {ProcessEvent::Kind::fork, 20, 10}};
    set_->hear(late, heard_);
    EXPECT_EQ(set_->missed().unseen, 2U) << "21 was watched; the number 20 was given again";
    EXPECT_EQ(set_->missed().unjudged, 0U);
}

TEST_F(Finding, NobodyKnowsTheNamesOfThoseThatAreGone) {
    add(10, "worker");
    WantedProcesses wanted;
    wanted.names = {"worker"};
    begin(wanted);
    add(21, "other");
    const std::vector<ProcessEvent> news = {{ProcessEvent::Kind::fork, 20, 1},
                                            {ProcessEvent::Kind::fork, 21, 1}};
    set_->hear(news, heard_);
    EXPECT_EQ(set_->missed().unseen, 0U);
    EXPECT_EQ(set_->missed().unjudged, 1U) << "21 is not meant";
    proc_.end(21);
    const std::vector<ProcessEvent> late = {{ProcessEvent::Kind::exec, 21, 0}};
    set_->hear(late, heard_);
    EXPECT_EQ(set_->missed().unjudged, 2U) << "it might have become one";
}

/// A zombie still has its name and its user.
TEST_F(Finding, OfThoseThatAreGoneOnlyTheChosenOnesAreMissed) {
    using Missed = std::pair<std::uint64_t, std::uint64_t>;  // unseen, unjudged
    const auto miss = [this](WantedProcesses wanted) {
        wanted.all = true;
        begin(std::move(wanted));
        const std::vector<ProcessEvent> news = {{ProcessEvent::Kind::fork, 20, 1},
                                                {ProcessEvent::Kind::fork, 21, 1},
                                                {ProcessEvent::Kind::fork, 22, 1}};
        set_->hear(news, heard_);
        return Missed(set_->missed().unseen, set_->missed().unjudged);
    };
    FakeStat ended;
    ended.state = 'Z';
    ended.start_time = 6000;
    for (const auto& [pid, comm] : {std::pair(20, "worker"), {21, "other"}}) {
        proc_.add_process(pid, comm, 1000);
        proc_.set_stat(pid, ended);
    }
    EXPECT_EQ(miss({}), Missed(3, 0));
    WantedProcesses without;
    without.not_names = {"other"};
    EXPECT_EQ(miss(without), Missed(1, 1)) << "22 has no name any more";
    WantedProcesses of_user;
    of_user.user = 1001;
    EXPECT_EQ(miss(of_user), Missed(0, 1)) << "22 has no user any more";
    of_user.user = 1000;
    EXPECT_EQ(miss(of_user), Missed(2, 1));
}

}  // namespace
}  // namespace logfia
