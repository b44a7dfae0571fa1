// News of the kernel's process connector, and what becomes of them.

#include "source/poll/newcomers_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia {
namespace {

using test::FakeStat;
using test::Lines;
using test::NewcomersTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProcessNews : public NewcomersTest {
  protected:
    /// A new process with a file of its own.
    void bear(int pid, int parent, std::string_view file, std::uint64_t start_time = 6000) {
        add(pid, "child", parent, start_time);
        proc_.open(pid, 3, file);
    }
    void follow_10() {
        add(10, "parent");
        watch(following(10));
        tick();
    }
};

TEST_F(ProcessNews, AChildIsFollowedAndSoIsItsOwn) {
    follow_10();
    bear(11, 10, "/a");
    bear(12, 11, "/b");
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11)}), ElementsAre("open 11 /a", "open 12 /b"));
    bear(20, 1, "/c");
    EXPECT_THAT(hear({forked(20, 1)}), IsEmpty());
}

/// The connector tells the end of a first thread like that of its process.
TEST_F(ProcessNews, AFirstThreadsEndIsNotTheProcessesEnd) {
    add(10, "parent");
    proc_.add_thread(10, 99);
    watch(following(10));
    tick();
    proc_.exit_leader(10);
    bear(11, 10, "/a");
    EXPECT_THAT(hear({exited(10), forked(11, 10)}), ElementsAre("open 11 /a"));
    EXPECT_THAT(tick(), IsEmpty()) << "it goes on";
    proc_.open(10, 4, "/later");
    EXPECT_THAT(tick(), ElementsAre("open 10 /later"));
}

/// The other thread has the number of the first one by the time of the check.
TEST_F(ProcessNews, AnExecByAnotherThreadIsNoEnd) {
    follow_10();
    bear(11, 10, "/a");
    EXPECT_THAT(hear({exited(10), execed(10), forked(11, 10)}), ElementsAre("open 11 /a"));
}

TEST_F(ProcessNews, WhatHasEndedIsNoParentAnyMore) {
    follow_10();
    proc_.end(10);
    bear(11, 10, "/a");
    EXPECT_THAT(hear({exited(10), forked(11, 10)}), IsEmpty());
}

TEST_F(ProcessNews, NeitherIsAZombie) {
    follow_10();
    FakeStat stat;
    stat.state = 'Z';
    proc_.set_stat(10, stat);
    bear(11, 10, "/a");
    EXPECT_THAT(hear({exited(10), forked(11, 10)}), IsEmpty());
}

/// No end is reported of a process whose first thread ended before it.
TEST_F(ProcessNews, ANumberThatIsGivenAgainIsNoRelative) {
    follow_10();
    add(11, "child", 10, 6000);
    proc_.add_thread(11, 98);
    hear({forked(11, 10)});
    proc_.exit_leader(11);
    hear({exited(11)});
    proc_.end(11);
    tick();
    bear(11, 1, "/a", 7000);
    bear(12, 11, "/b", 7000);
    EXPECT_THAT(hear({forked(11, 1), forked(12, 11)}), IsEmpty());
}

/// The command's child, and our own (clone(2), CLONE_PARENT).
TEST_F(ProcessNews, ASiblingThatACommandHasMadeIsFollowed) {
    add(10, "command", kSelf, 6000);
    WantedProcesses wanted;
    wanted.follow = wanted.orphans_are_ours = true;
    watch_command(wanted, 10);
    tick();
    bear(11, kSelf, "/a");
    EXPECT_THAT(hear({forked(11, kSelf)}), ElementsAre("open 11 /a"));
    bear(12, 11, "/b");
    EXPECT_THAT(hear({forked(12, 11)}), ElementsAre("open 12 /b"));
}

TEST_F(ProcessNews, WithoutFollowingItIsNot) {
    add(10, "command", kSelf, 6000);
    WantedProcesses wanted;
    wanted.orphans_are_ours = true;
    watch_command(wanted, 10);
    tick();
    bear(11, kSelf, "/a");
    EXPECT_THAT(hear({forked(11, kSelf)}), IsEmpty());
}

/// The name of a child that was reaped before its end is noticed can no longer be read.
TEST_F(ProcessNews, TheLastNameIsThatOfTheLastExec) {
    follow_10();
    bear(11, 10, "/a");
    hear({forked(11, 10)});
    proc_.set_comm(11, "sleep");
    hear({execed(11)});
    proc_.end(11);
    tick();
    EXPECT_EQ(seen_.events.back().actor.comm, "sleep");
}

TEST_F(ProcessNews, OrTheOneThatItGaveItself) {
    follow_10();
    bear(11, 10, "/a");
    hear({forked(11, 10)});
    proc_.set_comm(11, "worker");
    ProcessEvent renamed{ProcessEvent::Kind::comm, 11, 0, {"worker"}};
    hear({renamed});
    proc_.end(11);
    tick();
    EXPECT_EQ(seen_.events.back().actor.comm, "worker");
}

}  // namespace
}  // namespace logfia
