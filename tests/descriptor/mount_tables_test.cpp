// Mounts that the process's own table does not list.

#include "support/fake_proc.hpp"
#include <logfia/descriptor/mount_tables.hpp>

#include <gtest/gtest.h>

#include <list>
#include <string>

namespace logfia {
namespace {

using std::chrono::seconds;
using test::FakeProc;

const std::string kRoot = "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
const std::string kData = "30 28 8:2 / /data rw - xfs /dev/sda2 rw\n";

class MountTablesTest : public ::testing::Test {
  protected:
    MountTablesTest() : root_(ProcRoot::open(proc_.path())), tables_(*root_) {}

    /// A child of `parent`.
    const Process& add(int pid, const std::string& mounts, int parent = 1) {
        proc_.add_process(pid, "worker");
        proc_.set_stat(pid, {.parent = parent});
        proc_.mountinfo(pid, mounts);
        return processes_.emplace_back(
            std::move(*Process::open(*root_, pid, Holding::descriptors)));
    }
    MountKind kind(const Process& process, int id, int after = 0) {
        now_ += seconds(after);
        tables_.begin_look(now_);
        return tables_.find(process, id).kind;
    }

    FakeProc proc_;
    Result<ProcRoot> root_;
    MountTables tables_;
    std::list<Process> processes_;
    SteadyTime now_{seconds(1000)};
};

TEST_F(MountTablesTest, AProcessWithAnotherRootHasItsTableOpenedAnew) {
    const Process& process = add(42, kRoot);
    EXPECT_EQ(kind(process, 28), MountKind::local);
    proc_.mountinfo(42, "");  // the text that the open table shows
    const std::string fresh = proc_.path() + "/42/mountinfo";
    std::remove(fresh.c_str());
    proc_.mountinfo(42, kData);
    EXPECT_EQ(kind(process, 30), MountKind::local);
}

TEST_F(MountTablesTest, WhatStaysUnlistedIsNotSearchedForAgainAndAgain) {
    const Process& process = add(42, kRoot);
    EXPECT_EQ(kind(process, 99), MountKind::unlisted);
    const auto opened = tables_.times_opened();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(kind(process, 99), MountKind::unlisted);
    EXPECT_EQ(tables_.times_opened(), opened);
    kind(process, 99, 11);
    EXPECT_GT(tables_.times_opened(), opened) << "after a while it is worth a try";
}

TEST_F(MountTablesTest, TheFirstAncestorThatListsItTells) {
    add(1, kRoot + kData);
    add(40, kRoot, 1);
    add(41, "", 40);
    const Process& process = add(42, "50 1 0:5 / / rw - tmpfs x rw\n", 41);
    EXPECT_EQ(kind(process, 28), MountKind::local);
    EXPECT_EQ(kind(process, 30), MountKind::local);
    EXPECT_EQ(kind(process, 31), MountKind::unlisted);
    const auto opened = tables_.times_opened();
    EXPECT_EQ(kind(process, 28), MountKind::local);
    EXPECT_EQ(kind(process, 30), MountKind::local);
    EXPECT_EQ(tables_.times_opened(), opened);
}

TEST_F(MountTablesTest, WhereTheChainEndsElsewhereTheFirstProcessIsAsked) {
    add(1, kRoot + kData);
    const Process& process = add(42, "", 0);
    EXPECT_EQ(kind(process, 30), MountKind::local);
}

TEST_F(MountTablesTest, AreLetGoWithTheLastProcessThatWasTold) {
    const Process& one = add(42, kRoot);
    const Process& other = add(43, kData, 42);
    kind(one, 28);
    kind(other, 28);
    kind(other, 30);
    EXPECT_EQ(tables_.held(), 2U);
    tables_.forget(other);
    EXPECT_EQ(tables_.held(), 1U) << "one still uses its own";
    tables_.forget(one);
    EXPECT_EQ(tables_.held(), 0U);
}

TEST_F(MountTablesTest, AreLetGoWhenTheyWereOfNoUseForAWhile) {
    const Process& process = add(42, kRoot);
    kind(process, 28);
    tables_.let_go_idle(now_ + seconds(9));
    EXPECT_EQ(tables_.held(), 1U);
    tables_.let_go_idle(now_ + seconds(10));
    EXPECT_EQ(tables_.held(), 0U);
}

}  // namespace
}  // namespace logfia
