// Tells what a new process has inherited from what it has opened itself.

#include "source/poll/newcomers_fixture.hpp"
#include "support/want.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace logfia {
namespace {

using test::NewcomersTest;
using test::NoOverride;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PastTablesTest, OnlySoManyAreKept) {
    PastTables past;
    past.keep_for_good(5, FdSnapshot());
    for (int pid = 1000; pid < 1000 + 2 * static_cast<int>(PastTables::kMost); ++pid)
        past.keep(pid, FdSnapshot());
    EXPECT_EQ(past.find(1000), nullptr);
    EXPECT_NE(past.find(999 + 2 * static_cast<int>(PastTables::kMost)), nullptr);
    EXPECT_NE(past.find(5), nullptr);
    past.forget(1100);
    EXPECT_EQ(past.find(1100), nullptr);
    EXPECT_EQ(past.find(0), nullptr);
}

TEST(PastTablesTest, TheCommandsNumberMayBeGivenAgainToo) {
    PastTables past;
    past.keep_for_good(5, FdSnapshot());
    past.forget(6);
    EXPECT_NE(past.find(5), nullptr);
    past.forget(5);
    EXPECT_EQ(past.find(5), nullptr);
}

class AncestryTest : public NewcomersTest {
  protected:
    AncestryTest() {
        add(10, "parent");
        proc_.open(10, 3, "/given");
        watch(following(10));
        tick();
    }
    /// Makes a process with what 10 has, and a file of its own.
    void bear(int pid, int parent) {
        add(pid, "child", parent, 6000);
        proc_.open(pid, 3, "/given");
        proc_.open(pid, 4, "/own");
    }
    static auto given_and_own(int pid) {
        return ElementsAre(fmt::format("open initial {} /given", pid),
                           fmt::format("open {} /own", pid));
    }
};

/// A daemon: the process in between has ended before any look at it.
TEST_F(AncestryTest, OfAParentThatNobodyHasSeen) {
    bear(12, 11);
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11), exited(11)}), given_and_own(12));
    bear(14, 12);
    EXPECT_THAT(hear({forked(14, 12)}),
                ElementsAre("open initial 14 /given", "open initial 14 /own"));
}

/// A descriptor that was there at first is `initial` alike, but nobody has inherited it.
TEST_F(AncestryTest, IsNotedFromTheOpenToTheClose) {
    bear(11, 10);
    hear({forked(11, 10)});
    proc_.end(10);
    proc_.end(11);
    tick();
    std::vector<std::string> noted;
    for (const Event& event : seen_.events)
        noted.push_back(test::line_with_pid(event) +
                        (test::fd_of(event).inherited ? " inherited" : ""));
    EXPECT_THAT(noted, ElementsAre("open initial 10 /given", "open initial 11 /given inherited",
                                   "open 11 /own", "close 10 /given", "close 11 /given inherited",
                                   "close 11 /own"));
}

/// The parent has closed its own by the next look, which takes in both.
TEST_F(AncestryTest, OfAParentThatHasClosedItSince) {
    proc_.open(10, 5, "/passed");
    tick();
    proc_.close(10, 5);
    add(11, "child", 10, 6000);
    proc_.open(11, 5, "/passed");
    proc_.children(10, "11 ");
    const std::vector<ProcessEvent> news{forked(11, 10)};
    set_->hear(news, seen_);
    EXPECT_THAT(tick(), ElementsAre("close 10 /passed", "open initial 11 /passed"));
}

TEST_F(AncestryTest, OfSeveralThatNobodyHasSeen) {
    bear(14, 13);
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11), exited(11), forked(13, 12), exited(12),
                      forked(14, 13), exited(13)}),
                given_and_own(14));
}

TEST_F(AncestryTest, OfOneThatHasEndedSinceItWasSeen) {
    bear(11, 10);
    hear({forked(11, 10)});
    proc_.end(11);
    add(12, "child", 1, 6000);
    proc_.open(12, 4, "/own");
    proc_.open(12, 5, "/its");
    EXPECT_THAT(hear({forked(12, 11), exited(11)}),
                ElementsAre("open initial 12 /own", "open 12 /its"));
}

/// A process that is ending when it is looked at shows a part of its table.
TEST_F(AncestryTest, OfOneWhoseTableWasCutByItsEnd) {
    add(11, "child", 10, 6000);
    proc_.open(11, 4, "/own");
    hear({forked(11, 10)});
    proc_.end(11);
    bear(12, 11);
    proc_.open(12, 5, "/its");
    EXPECT_THAT(hear({forked(12, 11), exited(11)}),
                ElementsAre("open initial 12 /given", "open initial 12 /own", "open 12 /its"));
}

/// Children may come when their parent's parent has been forgotten: its table is remembered.
TEST_F(AncestryTest, OfOneThatHasEndedBefore) {
    bear(11, 10);
    hear({forked(11, 10), forked(12, 11)});
    proc_.end(11);
    hear({exited(11)});
    tick();
    add(13, "child", 12, 6000);
    proc_.open(13, 4, "/own");
    proc_.open(13, 5, "/its");
    EXPECT_THAT(hear({forked(13, 12)}), ElementsAre("open initial 13 /own", "open 13 /its"));
}

TEST_F(AncestryTest, ANumberThatIsGivenAgainHasGivenNothing) {
    bear(11, 10);
    hear({forked(11, 10)});
    proc_.end(11);
    hear({exited(11)});
    tick();
    add(12, "child", 11, 7000);
    proc_.open(12, 3, "/given");
    proc_.open(12, 4, "/own");
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11)}), given_and_own(12));
}

/// The number of its parent's parent is another child's by now, which has the same file open.
TEST_F(AncestryTest, AStrangerWithAnAncestorsNumberHasGivenNothing) {
    bear(11, 10);
    bear(13, 12);
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11), forked(11, 10), forked(13, 12)}),
                ElementsAre("open initial 11 /given", "open 11 /own", "open initial 13 /given",
                            "open 13 /own"));
}

/// An exec makes the process readable; by then its parent has ended.
TEST_F(AncestryTest, OfOneThatWasDeniedAtFirst) {
    const NoOverride nobody;
    bear(12, 1);
    const std::string table = proc_.path() + "/12/fd";
    ASSERT_EQ(chmod(table.c_str(), 0), 0);
    EXPECT_THAT(hear({forked(11, 10), forked(12, 11), exited(11)}), IsEmpty());
    ASSERT_EQ(chmod(table.c_str(), 0700), 0);
    EXPECT_THAT(hear({execed(12)}), given_and_own(12));
}

/// A child that keeps both ends may have them from a parent that has closed its own: nobody can
/// tell whether it made the pipe itself.
TEST_F(AncestryTest, OfPipesOfBothEnds) {
    add(11, "child", 10, 6000);
    proc_.open(11, 5, "pipe:[78]");
    proc_.open(11, 6, "pipe:[78]");
    EXPECT_THAT(hear({forked(11, 10)}),
                ElementsAre("open initial 11 pipe:[78]", "open initial 11 pipe:[78]"));
}

/// Nothing is known of the parent, and yet the standard streams must come from somewhere.
TEST_F(AncestryTest, OfNobodyKnown) {
    watch(named("daemon"));
    add(20, "daemon", 1, 6000);
    proc_.open(20, 0, "/dev/null");
    proc_.open(20, 2, "/log");
    proc_.open(20, 3, "/own");
    proc_.open(20, 4, "pipe:[77]");
    EXPECT_THAT(hear({forked(20, 19)}),
                ElementsAre("open initial 20 /dev/null", "open initial 20 /log", "open 20 /own",
                            "open initial 20 pipe:[77]"));
}

/// Watched only by its name, unrelated to any watched process: the parent is reported all the same.
TEST_F(AncestryTest, OfOneThatWasMeantByItsName) {
    watch(named("daemon"));
    bear(20, 1);
    proc_.set_comm(20, "daemon");
    proc_.set_stat(20, {.parent = 1, .start_time = 6000});
    EXPECT_THAT(hear({forked(19, 10), forked(20, 19), exited(19)}), given_and_own(20));
}

}  // namespace
}  // namespace logfia
