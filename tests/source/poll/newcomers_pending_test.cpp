#include "source/poll/newcomers_fixture.hpp"
#include "support/sanitizers.hpp"
#include "support/want.hpp"
#include <logfia/base/unique_fd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace logfia {
namespace {

using test::FakeStat;
using test::Lines;
using test::NewcomersTest;
using test::NoMoreDescriptors;
using test::NoOverride;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Pending : public NewcomersTest {
  protected:
    void bear(int pid, int parent, std::string_view file) {
        add(pid, "child", parent, 6000);
        proc_.open(pid, 3, file);
    }
    void follow_10() {
        add(10, "parent");
        watch(following(10));
        tick();
    }
    /// The number of looks that open the file, out of a hundred in which nothing comes.
    int looks_that_open(const std::string& file) {
        const UniqueFd opens(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        EXPECT_GE(inotify_add_watch(opens.get(), (proc_.path() + '/' + file).c_str(), IN_OPEN), 0);
        int looks = 0;
        for (int i = 0; i < 100; ++i) {
            EXPECT_THAT(tick(), IsEmpty());
            std::array<char, 4096> events;
            if (read(opens.get(), events.data(), events.size()) > 0) ++looks;
        }
        return looks;
    }
    /// Makes the process unreadable, even for root.
    void deny(int pid, mode_t mode = 0) {
        const std::string table = proc_.path() + '/' + std::to_string(pid) + "/fd";
        ASSERT_EQ(chmod(table.c_str(), mode), 0);
    }
};

class PendingForLack : public Pending {
  protected:
    void SetUp() override {
        if (test::is_sanitized())
            GTEST_SKIP() << "UBSan takes every object for a bad one while it can open no pipe";
    }
};

TEST_F(PendingForLack, AChildIsTriedAgainWhenDescriptorsLacked) {
    follow_10();
    bear(11, 10, "/a");
    {
        const NoMoreDescriptors lack;
        EXPECT_THAT(hear({forked(11, 10)}), IsEmpty());
    }
    EXPECT_THAT(seen_.notices, ElementsAre("cannot watch process 11: Too many open files; logfia "
                                           "keeps trying while the process lives"));
    EXPECT_TRUE(set_->awaits_more());
    EXPECT_THAT(tick(), ElementsAre("open 11 /a"));
    EXPECT_FALSE(set_->awaits_more());
    EXPECT_THAT(seen_.notices, SizeIs(1));
}

TEST_F(PendingForLack, OneThatIsListedIsTriedAgainToo) {
    follow_10();
    bear(11, 10, "/a");
    proc_.children(10, "11 ");
    {
        const NoMoreDescriptors lack;
        EXPECT_THAT(tick(), IsEmpty());
        EXPECT_THAT(tick(), IsEmpty());
    }
    EXPECT_THAT(seen_.notices, ElementsAre(HasSubstr("children of process 10: Too many open")));
    EXPECT_THAT(tick(), ElementsAre("open 11 /a"));
}

TEST_F(PendingForLack, WhatIsGoneIsNotWaitedFor) {
    follow_10();
    bear(11, 10, "/a");
    {
        const NoMoreDescriptors lack;
        hear({forked(11, 10)});
    }
    proc_.end(11);
    EXPECT_THAT(tick(), IsEmpty());
    EXPECT_FALSE(set_->awaits_more());
}

/// The end of a process can be found out even when nothing can be opened.
TEST_F(PendingForLack, NeitherWhileDescriptorsLack) {
    follow_10();
    bear(11, 10, "/a");
    const NoMoreDescriptors lack;
    hear({forked(11, 10)});
    tick();
    EXPECT_TRUE(set_->awaits_more());
    std::filesystem::rename(proc_.path() + "/11", proc_.path() + "/gone");
    tick_for_long();
    EXPECT_FALSE(set_->awaits_more());
}

TEST_F(PendingForLack, ANumberThatIsGivenAgainIsNotTheChild) {
    follow_10();
    bear(11, 10, "/a");
    {
        const NoMoreDescriptors lack;
        hear({forked(11, 10)});
    }
    proc_.end(11);
    bear(11, 1, "/b");
    EXPECT_THAT(tick_for_long(), IsEmpty());
    EXPECT_FALSE(set_->awaits_more());
}

TEST_F(PendingForLack, ManyAreNotToldOneByOne) {
    follow_10();
    std::vector<ProcessEvent> news;
    for (int pid = 20; pid < 50; ++pid) {
        add(pid, "child", 10, 6000);
        news.push_back(forked(pid, 10));
    }
    const NoMoreDescriptors lack;
    hear(news);
    EXPECT_THAT(seen_.notices, SizeIs(11));
    EXPECT_THAT(seen_.notices.back(), HasSubstr("more processes cannot be watched yet"));
}

TEST_F(PendingForLack, OneThatWasMeantByItsName) {
    watch(named("child"));
    seen_.notices.clear();
    bear(11, 1, "/a");
    {
        const NoMoreDescriptors lack;
        EXPECT_THAT(hear({forked(11, 1)}), IsEmpty());
        EXPECT_THAT(tick(), IsEmpty());
    }
    EXPECT_THAT(seen_.notices, ElementsAre(HasSubstr("process 11: Too many open files"),
                                           HasSubstr("all processes: Too many open files")));
    EXPECT_THAT(tick_for_long(), SizeIs(1));
}

TEST_F(Pending, ADeniedChildIsOpenedSeldom) {
    const NoOverride nobody;
    follow_10();
    bear(11, 10, "/a");
    deny(11);
    proc_.children(10, "11 ");
    const int looks = looks_that_open("11/stat");
    EXPECT_GT(looks, 5);
    EXPECT_LT(looks, 20);
    EXPECT_THAT(seen_.notices, ElementsAre(HasSubstr("process 11: Permission denied")));
    deny(11, 0700);
    EXPECT_THAT(tick_for_long(), ElementsAre("open 11 /a"));
}

/// A zombie is listed until its parent asks for its status, which may be never.
TEST_F(Pending, AZombieIsOpenedSeldom) {
    follow_10();
    bear(11, 10, "/a");
    FakeStat dead;
    dead.state = 'Z';
    dead.start_time = 6000;
    proc_.set_stat(11, dead);
    proc_.children(10, "11 ");
    EXPECT_LT(looks_that_open("11/stat"), 20);
    EXPECT_THAT(seen_.notices, IsEmpty());
    EXPECT_FALSE(set_->awaits_more());
    proc_.end(11);
    proc_.children(10, "");
    tick_for_long();
    bear(11, 10, "/a");
    proc_.children(10, "11 ");
    EXPECT_THAT(tick(), ElementsAre("open 11 /a"));
}

TEST_F(Pending, WithoutChildrenFilesParentsAreAsked) {
    add(10, "parent");
    add(9, "before", 12);
    add(12, "before", 10);
    proc_.open(9, 3, "/there");
    proc_.list_no_children();
    watch(following(10));
    EXPECT_THAT(seen_.notices, ElementsAre(HasSubstr("CONFIG_PROC_CHILDREN")));
    EXPECT_THAT(tick(), ElementsAre("open initial 9 /there"));
    bear(13, 12, "/a");
    bear(14, 1, "/b");
    EXPECT_THAT(tick(), ElementsAre("open 13 /a"));
    EXPECT_THAT(seen_.notices, SizeIs(1));
}

TEST_F(Pending, ThatIsNotSaidWhereNobodyAsks) {
    add(10, "parent");
    proc_.list_no_children();
    WantedProcesses wanted;
    wanted.pids = {10};
    watch(wanted);
    tick();
    EXPECT_THAT(seen_.notices, IsEmpty());
}

TEST_F(Pending, OrphansOfACommandAreFoundByTheirParentToo) {
    add(10, "command", kSelf, 6000);
    proc_.list_no_children();
    WantedProcesses wanted;
    wanted.follow = wanted.orphans_are_ours = true;
    watch_command(wanted, 10);
    tick();
    bear(20, kSelf, "/a");
    bear(21, 20, "/b");
    Lines lines = tick();
    std::sort(lines.begin(), lines.end());
    EXPECT_THAT(lines, SizeIs(2));
    EXPECT_THAT(seen_.notices, SizeIs(1));
}

}  // namespace
}  // namespace logfia
