// When descriptors are compared whose links cannot show that another file has taken the number: in
// a process that has run, in one that has not, and in several that share the comparisons of a look.

#include "source/poll/poller_fixture.hpp"
#include "support/event_parts.hpp"
#include "support/fd_maker_client.hpp"
#include "support/watching.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeFdInfo;
using test::fd_of;
using test::FdMaker;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kUnlisted = 1'000'001;  // no mount that the kernel may have for itself
constexpr int kListed = 1'000'002;

std::string line_of(const Event& event) {
    const Descriptor& descriptor = fd_of(event).descriptor;
    return fmt::format("{} {} {} {}", event.actor.pid, to_string(event.kind), descriptor.fd,
                       descriptor.name);
}

FakeFdInfo device(std::uint64_t inode) {
    return {.flags = O_RDWR, .mount = kUnlisted, .inode = inode};
}

FakeFdInfo log(std::uint64_t inode) {
    return {.flags = O_RDWR, .mount = kListed, .inode = inode};
}

class ReplacedUnseen : public test::PollerFixture {
  protected:
    ReplacedUnseen() : PollerFixture(line_of) {}
    void add_process(pid_t pid) {
        proc_.add_process(pid, "worker");
        proc_.mountinfo(pid, fmt::format("{} 1 0:40 / /m rw - unheard_of x rw\n", kListed));
        pids_.push_back(pid);
    }
    void watch() {
        watch_all(pids_);
        look();
    }
    Lines look() { return look_after(options_.interval.duration()); }
    /// The lines that are told within so many looks.
    Lines look_until_told(int most) {
        Lines lines;
        for (looks_ = 0; looks_ < most && lines.empty(); ++looks_) lines = look();
        return lines;
    }
    void open_many(pid_t pid, int count, const char* name, const FakeFdInfo& info) {
        for (int fd = 0; fd < count; ++fd) proc_.open(pid, fd, name, info);
    }

    std::vector<pid_t> pids_;
    int looks_ = 0;
};

/// A real process, for its clock; its table is the test's.
class OfASleeper : public ReplacedUnseen {
  protected:
    OfASleeper() {
        proc_.self({1});
        run();
        add_process(pid());
    }
    [[nodiscard]] pid_t pid() const { return maker_.pid(); }
    /// Runs until it sleeps again.
    void run() {
        maker_.ask("comm worker");
        EXPECT_TRUE(test::comes_to_sleep(pid()));
    }
    [[nodiscard]] Lines replaced(int fd, const char* name) const {
        return {fmt::format("{} close {} {}", pid(), fd, name),
                fmt::format("{} open {} {}", pid(), fd, name)};
    }

    FdMaker maker_;
};

/// Another process makes the change, sharing the table (CLONE_FILES, clone(2)).
TEST_F(OfASleeper, IsToldWithinFiveSeconds) {
    proc_.open(pid(), 3, "/dev/null", device(5));
    proc_.open(pid(), 4, "/m/log", log(6));
    watch();
    for (int i = 0; i < 30; ++i) EXPECT_THAT(look(), IsEmpty());
    proc_.retarget(pid(), 3, "/dev/null", device(7));
    EXPECT_EQ(look_until_told(50), replaced(3, "/dev/null"));
    proc_.retarget(pid(), 4, "/m/log", log(8));
    EXPECT_EQ(look_until_told(50), replaced(4, "/m/log"));
}

TEST_F(OfASleeper, ShowsThatItsTableIsShared) {
    proc_.open(pid(), 3, "/dev/null", device(5));
    watch();
    for (int i = 0; i < 30; ++i) look();
    proc_.retarget(pid(), 3, "/dev/null", device(6));
    look_until_told(50);
    for (int inode = 7; inode < 12; ++inode) {
        look();
        proc_.retarget(pid(), 3, "/dev/null", device(static_cast<std::uint64_t>(inode)));
        EXPECT_EQ(look(), replaced(3, "/dev/null")) << "its looks are no longer spared";
    }
}

/// More than one look compares, so that a change by the process itself is found when it sleeps
/// again.
TEST_F(OfASleeper, ItsOwnDoingIsNoSignOfAnother) {
    open_many(pid(), 600, "/dev/null", device(5));
    watch();
    for (int i = 0; i < 75; ++i) look();  // two of them compare, with 3 s in between
    run();
    proc_.retarget(pid(), 599, "/dev/null", device(6));
    EXPECT_EQ(look_until_told(100), replaced(599, "/dev/null"));
    EXPECT_GT(looks_, 2) << "else the test shows nothing";
    proc_.open(pid(), 700, "/new", log(7));
    EXPECT_THAT(look(), IsEmpty()) << "its looks are spared as before";
}

/// Where looks come so often that none is spared.
TEST_F(OfASleeper, IsComparedOnceInASecond) {
    options_.interval = milliseconds(5);
    proc_.open(pid(), 3, "/dev/null", device(5));
    watch();
    look();
    proc_.retarget(pid(), 3, "/dev/null", device(6));
    EXPECT_EQ(look_until_told(1000), replaced(3, "/dev/null"));
    EXPECT_GE(looks_, 195);
    EXPECT_LE(looks_, 205);
}

/// Processes without a clock, which may run all the time.
class OfSeveral : public ReplacedUnseen {
  protected:
    OfSeveral() {
        for (const pid_t pid : {42, 43, 44}) add_process(pid);
    }
    /// Looks until each of these processes has reported that its last file is another one.
    void expect_told(const std::vector<int>& counts, int most_looks) {
        for (std::size_t i = 0; i < counts.size(); ++i)
            open_many(pids_[i], counts[i], "/m/log", log(5));
        watch();
        look();
        for (std::size_t i = 0; i < counts.size(); ++i)
            if (counts[i] > 0) proc_.retarget(pids_[i], counts[i] - 1, "/m/log", log(6));
        std::vector<int> told(counts.size());
        for (int i = 0; i < most_looks; ++i)
            for (const std::string& line : look())
                ++told[static_cast<std::size_t>(std::stoi(line) - 42)];
        for (std::size_t i = 0; i < counts.size(); ++i)
            EXPECT_EQ(told[i], counts[i] > 0 ? 2 : 0) << pids_[i];
    }
};

/// 250 files may be compared in each of these looks.
TEST_F(OfSeveral, OneWithManyFilesLeavesOthersTheirTurn) {
    expect_told({250, 1, 1}, 3);
}

TEST_F(OfSeveral, OneThatLeavesLittleIsNotServedFirstAgain) {
    expect_told({249, 100, 100}, 5);
}

TEST_F(OfSeveral, ThoseWithMoreThanALookComparesTakeTurns) {
    expect_told({600, 600, 600}, 10);
}

TEST_F(OfSeveral, OneMayUseWhatNobodyElseNeeds) {
    expect_told({1000, 0, 0}, 5);
}

TEST_F(OfSeveral, FewComparisonsAreSharedToo) {
    options_.interval = milliseconds(1);
    expect_told({20, 4, 4}, 60);
}

/// A twentieth of a CPU may be spent on that: 25 in a millisecond.
TEST_F(OfSeveral, FewerUnclearOnesAreComparedWhereLooksComeOften) {
    options_.interval = milliseconds(1);
    open_many(42, 25, "/dev/null", device(5));
    open_many(43, 200, "/dev/null", device(5));
    watch();
    look();
    for (int fd = 0; fd < 200; ++fd) proc_.retarget(43, fd, "/dev/null", device(6));
    std::size_t told = 0;
    for (int i = 0; i < 40; ++i) {
        const std::size_t now = look().size();
        EXPECT_LE(now, 50U);
        told += now;
    }
    EXPECT_EQ(told, 400U);
    proc_.retarget(42, 24, "/dev/null", device(6));
    EXPECT_THAT(look_until_told(2), ElementsAre("42 close 24 /dev/null", "42 open 24 /dev/null"));
}

/// So that a process with few descriptors is reported within a millisecond.
TEST_F(OfASleeper, ThatHasRunSomeAreComparedBackToBack) {
    options_.interval = Interval::back_to_back();
    open_many(pid(), 16, "/dev/null", device(5));
    watch();
    look();
    proc_.retarget(pid(), 15, "/dev/null", device(6));
    run();
    EXPECT_EQ(look_after(milliseconds(1)), replaced(15, "/dev/null"));
}

/// The other process runs all the time, and takes all the comparisons that back-to-back looks make.
TEST_F(OfASleeper, IsNotForgottenBackToBack) {
    options_.interval = Interval::back_to_back();
    if (pid() < 42) GTEST_SKIP() << "the numbers of processes have just begun";
    add_process(42);
    open_many(42, 8, "/dev/null", device(5));
    proc_.open(pid(), 3, "/dev/null", device(5));
    watch();
    for (int i = 0; i < 500; ++i) look_after(microseconds(100));
    proc_.retarget(pid(), 3, "/dev/null", device(6));
    Lines lines;
    for (int i = 0; i < 100'000 && lines.empty(); ++i) lines = look_after(microseconds(100));
    EXPECT_EQ(lines, replaced(3, "/dev/null"));
}

/// A twentieth of a CPU may be spent on that, too: one in 40 µs.
TEST_F(OfSeveral, EachOfTheLooksThatComeBackToBackComparesFew) {
    options_.interval = Interval::back_to_back();
    open_many(42, 32, "/dev/null", device(5));
    watch();
    for (int i = 0; i < 3; ++i) look();
    for (int fd = 0; fd < 32; ++fd) proc_.retarget(42, fd, "/dev/null", device(6));
    EXPECT_THAT(look(), IsEmpty());
    for (int i = 0; i < 32; ++i) EXPECT_EQ(look_after(microseconds(40)).size(), 2U);
}

/// The test process runs all the time, and takes all comparisons of a look. The other process has
/// run just once.
TEST_F(OfASleeper, IsNotForgottenForOneThatRuns) {
    if (pid() < getpid()) GTEST_SKIP() << "the numbers of processes began anew";
    add_process(getpid());
    open_many(getpid(), 1000, "/dev/null", device(5));
    for (int fd = 1000; fd < 2000; ++fd) proc_.open(getpid(), fd, "/m/log", log(6));
    proc_.open(pid(), 3, "/dev/null", device(5));
    proc_.open(pid(), 4, "/m/log", log(6));
    watch();
    for (int i = 0; i < 100; ++i) look();
    for (std::uint64_t inode = 7; inode < 12; ++inode) {
        proc_.retarget(pid(), 3, "/dev/null", device(inode));
        run();
        EXPECT_EQ(look_until_told(3), replaced(3, "/dev/null"));
        look();
        proc_.retarget(pid(), 4, "/m/log", log(inode));
        run();
        EXPECT_EQ(look_until_told(3), replaced(4, "/m/log"));
        look();
    }
}

}  // namespace
}  // namespace logfia
