// Processes of a fake tree, whose known descriptors the test writes.

#include "support/fake_proc.hpp"
#include <logfia/source/poll/socket_holders.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kThisLook = 7;  // of QuestionTurns

class SocketHoldersTest : public ::testing::Test {
  protected:
    SocketHoldersTest() : root_(ProcRoot::open(proc_.path())) {}

    /// Watched in the order of their PIDs.
    WatchedProcess& watch(pid_t pid, std::vector<Ancestor> ancestors = {}) {
        proc_.add_process(pid, "helper");
        auto process = Process::open(*root_, pid, Holding::descriptors);
        EXPECT_TRUE(process);
        Origin origin;
        origin.ancestors = std::move(ancestors);
        processes_.push_back(std::make_unique<WatchedProcess>(
            processes_.size() + 1, std::move(*process), std::move(origin)));
        return *processes_.back();
    }
    /// Opens a socket, which is known to be of this type; its slot.
    static std::uint32_t open(WatchedProcess& watched, int fd, std::uint64_t inode, FdType type) {
        FdEntry entry;
        entry.fd = fd;
        entry.slot = watched.known.add();
        Descriptor& descriptor = watched.known[entry.slot].descriptor;
        descriptor.fd = fd;
        descriptor.inode = inode;
        descriptor.type = type;
        watched.snapshot.entries().push_back(entry);
        return entry.slot;
    }
    /// A socket of this inode, which has not answered.
    struct Wanted {
        WatchedProcess* process;
        std::uint32_t slot;
        std::uint64_t inode;
    };
    std::optional<SharedSocket> find(const Wanted& wanted, const Wanted* unanswered = nullptr) {
        SocketHolders holders;
        holders.begin(processes_, kThisLook);
        holders.will_find(wanted.inode);
        if (unanswered != nullptr) holders.add_unanswered(*unanswered->process, unanswered->slot);
        auto found = holders.find(*wanted.process, wanted.slot, wanted.inode);
        holders.end();
        return found;
    }

    test::FakeProc proc_;
    Result<ProcRoot> root_;
    std::vector<std::unique_ptr<WatchedProcess>> processes_;
};

TEST_F(SocketHoldersTest, TheParentsNumberCountsFirst) {
    WatchedProcess& other = watch(41);
    WatchedProcess& parent = watch(42);
    WatchedProcess& child = watch(43, {{42, true}});
    open(other, 3, 1001, FdType::udp);
    open(parent, 3, 1001, FdType::tcp);
    const std::uint32_t slot = open(child, 3, 1001, FdType::socket);
    const auto found = find({&child, slot, 1001});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->type, FdType::tcp);
    EXPECT_TRUE(found->up_to_date) << "its last word is spoken";
}

TEST_F(SocketHoldersTest, WhoHasTheSameSocketElsewhereKnowsItToo) {
    WatchedProcess& other = watch(41);
    WatchedProcess& wanting = watch(42);
    open(other, 9, 1001, FdType::udp);
    open(other, 10, 1002, FdType::tcp);
    open(other, 11, 1003, FdType::socket);
    const std::uint32_t slot = open(wanting, 3, 1001, FdType::socket);
    const auto found = find({&wanting, slot, 1001});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->type, FdType::udp);
    EXPECT_FALSE(find({&wanting, open(wanting, 4, 1003, FdType::socket), 1003}))
        << "nothing is known there either";
    EXPECT_FALSE(find({&wanting, open(wanting, 5, 1004, FdType::socket), 1004}));
}

TEST_F(SocketHoldersTest, WhatMayHaveChangedSinceIsNotUpToDate) {
    WatchedProcess& other = watch(41);
    WatchedProcess& wanting = watch(42);
    const std::uint32_t theirs = open(other, 9, 1001, FdType::udp);
    const Wanted wanted{&wanting, open(wanting, 3, 1001, FdType::socket), 1001};
    const auto is_up_to_date = [&](const Wanted* unanswered = nullptr) {
        const auto found = find(wanted, unanswered);
        EXPECT_TRUE(found);
        return found && found->up_to_date;
    };
    EXPECT_TRUE(is_up_to_date());
    const Wanted row{&other, theirs, 1001};
    EXPECT_FALSE(is_up_to_date(&row)) << "the answer of this look is still to come";
    other.socket_timetable.keep(theirs, kThisLook - 1, seconds(1), SteadyTime(seconds(1000)));
    EXPECT_FALSE(is_up_to_date()) << "in a fake tree no clock proves rest";
    other.socket_timetable.keep(theirs, kThisLook, seconds(1), SteadyTime(seconds(1000)));
    EXPECT_TRUE(is_up_to_date()) << "asked in this look";
    other.socket_timetable.keep(theirs, kThisLook, std::nullopt, SteadyTime(seconds(1000)));
    EXPECT_FALSE(is_up_to_date()) << "asked in vain";
    other.socket_timetable.forget(theirs);
    EXPECT_TRUE(is_up_to_date());
    other.snapshot.entries().clear();
    EXPECT_FALSE(is_up_to_date()) << "closed in this look";
}

TEST_F(SocketHoldersTest, TheOneThatIsUpToDateCountsMore) {
    WatchedProcess& ended = watch(41);
    WatchedProcess& other = watch(42);
    WatchedProcess& wanting = watch(43);
    open(ended, 9, 1001, FdType::udp);
    ended.ended = true;
    open(other, 9, 1001, FdType::udp6);
    const auto found = find({&wanting, open(wanting, 3, 1001, FdType::socket), 1001});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->type, FdType::udp6);
    EXPECT_TRUE(found->up_to_date);
}

}  // namespace
}  // namespace logfia
