// Changes are noted in a ledger, for processes and times that the test invents: no source is
// needed.

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include <logfia/descriptor/ledger.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using test::Lines;
using test::loss_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(const Event& event) {
    const std::string what =
        event.kind == EventKind::lost
            ? loss_of(event).reason
            : fmt::format("{} {}", fd_of(event).descriptor.fd, fd_of(event).descriptor.name);
    return fmt::format("{} {} {}", event.actor.pid, to_string(event.kind), what);
}

Now at(Duration time) {
    const auto wall = std::chrono::duration_cast<WallTime::duration>(time);
    return {WallTime(seconds(1'500'000'000)) + wall, SteadyTime(seconds(1000)) + time};
}

class LedgerTest : public ::testing::Test {
  protected:
    DescriptorOwner& owner(pid_t pid, std::string comm = "worker") {
        owners_.push_back(std::make_unique<DescriptorOwner>());
        Actor& actor = owners_.back()->actor;
        actor.number = numbers_.next_process();
        actor.pid = pid;
        actor.comm = std::move(comm);
        return *owners_.back();
    }
    static Descriptor descriptor(int fd, std::string name, FdType type = FdType::file) {
        Descriptor made;
        made.fd = fd;
        made.name = std::move(name);
        made.type = type;
        return made;
    }
    std::uint32_t open(DescriptorOwner& owner, int fd, std::string name, Now now = at({})) {
        return ledger_.opened(owner, {descriptor(fd, std::move(name)), {}, now, false});
    }
    void close(DescriptorOwner& owner, std::uint32_t slot) {
        ledger_.closed(owner, slot, Ledger::Closing::by_call);
    }
    const Lines& publish(Now now = at({})) {
        records_.clear();
        ledger_.publish(now, records_);
        return records_.lines;
    }
    [[nodiscard]] const DescriptorChange& only() const {
        EXPECT_EQ(records_.events.size(), 1U);
        return fd_of(records_.events.at(0));
    }

    Numbers numbers_;
    Ledger ledger_{numbers_};
    test::KeptEvents records_{line_of};
    std::vector<std::unique_ptr<DescriptorOwner>> owners_;
};

TEST_F(LedgerTest, WhatIsPublishedTogetherComesInTheOrderOfTheContract) {
    DescriptorOwner& a = owner(5);
    DescriptorOwner& b = owner(7);
    const auto old_b = open(b, 3, "/old-b");
    const auto old_a = open(a, 9, "/old-a");
    const auto named = open(a, 4, "/before");
    const auto server = open(b, 8, "socket:[1]");
    const auto client = open(b, 6, "socket:[2]");
    publish();

    ledger_.progressed(b, server, EventKind::listen);
    ledger_.progressed(b, client, EventKind::connect);
    ledger_.renamed(a, named, descriptor(4, "/after"), {});
    open(b, 2, "/new-b");
    open(a, 1, "/new-a");
    open(a, 0, "/new-a");
    close(b, old_b);
    close(a, old_a);
    ledger_.lost(b, "late");
    ledger_.lost(a, "early");
    EXPECT_THAT(publish(), ElementsAre("5 lost early", "7 lost late", "5 close 9 /old-a",
                                       "7 close 3 /old-b", "5 open 0 /new-a", "5 open 1 /new-a",
                                       "7 open 2 /new-b", "5 rename 4 /after",
                                       "7 connect 6 socket:[2]", "7 listen 8 socket:[1]"));
    EXPECT_THAT(publish(), IsEmpty()) << "nothing is told twice";
}

TEST_F(LedgerTest, ConnectsAndListensComeByProcessAndThenByDescriptor) {
    DescriptorOwner& a = owner(5);
    DescriptorOwner& b = owner(7);
    std::vector<std::uint32_t> of_a;
    std::vector<std::uint32_t> of_b;
    for (const int fd : {4, 3}) {
        of_a.push_back(open(a, fd, "s"));
        of_b.push_back(open(b, fd, "s"));
    }
    publish();
    for (const EventKind kind : {EventKind::listen, EventKind::connect}) {
        for (const auto slot : of_b) ledger_.progressed(b, slot, kind);
        for (const auto slot : of_a) ledger_.progressed(a, slot, kind);
    }
    EXPECT_THAT(publish(),
                ElementsAre("5 connect 3 s", "5 connect 4 s", "7 connect 3 s", "7 connect 4 s",
                            "5 listen 3 s", "5 listen 4 s", "7 listen 3 s", "7 listen 4 s"));
}

/// A PID is given again while the end of its first process is not published yet.
TEST_F(LedgerTest, TwoProcessesOfOneNumberAreToldApart) {
    DescriptorOwner& first = owner(5, "first");
    const auto slot = open(first, 3, "/a");
    publish();
    DescriptorOwner& second = owner(5, "second");
    open(second, 3, "/b");
    open(second, 2, "/c");
    open(first, 4, "/d");
    ledger_.closed(first, slot, Ledger::Closing::at_exit);
    EXPECT_THAT(publish(),
                ElementsAre("5 close 3 /a", "5 open 4 /d", "5 open 2 /c", "5 open 3 /b"));
    EXPECT_EQ(records_.events[0].actor.comm, "first");
    EXPECT_EQ(records_.events[2].actor.comm, "second");
    EXPECT_NE(records_.events[0].actor.number, records_.events[2].actor.number);
}

TEST_F(LedgerTest, ANumberThatIsAnotherFileIsAPairOfCloseAndOpen) {
    DescriptorOwner& process = owner(5);
    const auto before = open(process, 3, "/a", at(seconds(1)));
    publish(at(seconds(1)));
    const auto first = only().descriptor.id;
    close(process, before);
    open(process, 3, "/b", at(seconds(2)));
    EXPECT_THAT(publish(at(seconds(2))), ElementsAre("5 close 3 /a", "5 open 3 /b"));
    EXPECT_EQ(fd_of(records_.events[0]).descriptor.id, first);
    EXPECT_NE(fd_of(records_.events[1]).descriptor.id, first);
}

TEST_F(LedgerTest, ACloseTellsWhatIsKnownSinceTheOpen) {
    DescriptorOwner& process = owner(5);
    const auto slot = open(process, 3, "/a", at(seconds(1)));
    publish(at(seconds(1)));
    TcpTotals totals;
    totals.bytes_sent = 7;
    process.known[slot].totals = totals;
    close(process, slot);
    EXPECT_THAT(publish(at(milliseconds(3500))), ElementsAre("5 close 3 /a"));
    EXPECT_EQ(only().opened, at(seconds(1)).wall);
    EXPECT_EQ(only().held, milliseconds(2500));
    EXPECT_FALSE(only().at_exit);
    ASSERT_TRUE(only().totals);
    EXPECT_EQ(only().totals->bytes_sent, 7U);
    EXPECT_EQ(records_.events[0].at.steady, at(milliseconds(3500)).steady);
}

TEST_F(LedgerTest, WhatWasOpenBeforeHasNotBeenHeldForAKnownTime) {
    DescriptorOwner& process = owner(5);
    const auto slot = ledger_.opened(process, {descriptor(3, "/a"), {}, at({}), true});
    publish();
    EXPECT_TRUE(only().initial);
    ledger_.closed(process, slot, Ledger::Closing::at_exit);
    publish(at(seconds(1)));
    EXPECT_FALSE(only().held);
    EXPECT_EQ(only().opened, at({}).wall);
    EXPECT_TRUE(only().at_exit);
}

/// A command is looked at before its exec, and the look is reported later.
TEST_F(LedgerTest, AnOpenHasItsOwnTimeAndAllElseThatOfPublishing) {
    DescriptorOwner& process = owner(5);
    const auto slot = open(process, 3, "/a", at(seconds(1)));
    ledger_.renamed(process, slot, descriptor(3, "/b"), {});
    EXPECT_THAT(publish(at(seconds(9))), ElementsAre("5 open 3 /b", "5 rename 3 /b"));
    EXPECT_EQ(records_.events[0].at.steady, at(seconds(1)).steady);
    EXPECT_EQ(records_.events[1].at.steady, at(seconds(9)).steady);
}

TEST_F(LedgerTest, ARenameKeepsWhatCanBeKnownNoMore) {
    DescriptorOwner& process = owner(5);
    Descriptor before = descriptor(3, "/a");
    before.size = 5;
    before.access = Access::write;
    const FileIdentity identity{28, 9, 77, 0};
    const auto slot = ledger_.opened(process, {before, identity, at({}), false});
    publish();
    const auto id = only().descriptor.id;
    ledger_.renamed(process, slot, descriptor(3, "/b", FdType::unknown), {28, 9, {}, 0});
    EXPECT_THAT(publish(), ElementsAre("5 rename 3 /b"));
    EXPECT_EQ(only().old_name, "/a");
    EXPECT_EQ(only().descriptor.id, id);
    EXPECT_EQ(only().descriptor.type, FdType::file);
    EXPECT_EQ(only().descriptor.size, 5U);
    EXPECT_EQ(only().descriptor.access, Access::write);
    EXPECT_EQ(process.known[slot].identity.handle, 77U);
    ledger_.renamed(process, slot, descriptor(3, "/c"), {28, 9, 78, 0});
    publish();
    EXPECT_EQ(only().old_name, "/b");
    EXPECT_EQ(process.known[slot].identity.handle, 78U);
}

/// A link that could not be read at first gave no facts worth keeping.
TEST_F(LedgerTest, AFirstNameReplacesWhatWasGuessed) {
    DescriptorOwner& process = owner(5);
    Descriptor before = descriptor(3, "?");
    before.size = 5;
    const auto slot = ledger_.opened(process, {before, {28, 9, 77, 0}, at({}), false});
    publish();
    ledger_.renamed(process, slot, descriptor(3, "/a"), {});
    EXPECT_THAT(publish(), ElementsAre("5 rename 3 /a"));
    EXPECT_EQ(only().old_name, "?");
    EXPECT_FALSE(only().descriptor.size);
    EXPECT_FALSE(process.known[slot].identity.handle);
}

/// The process has run since the socket was asked.
TEST_F(LedgerTest, AtACloseNoSocketIsSaidToHaveNoPeer) {
    DescriptorOwner& process = owner(5);
    Descriptor socket = descriptor(3, "socket:[1]", FdType::tcp);
    SocketInfo info;
    info.state = SocketState::close;
    socket.socket = std::make_shared<const SocketInfo>(info);
    const auto slot = ledger_.opened(process, {socket, {}, at({}), false});
    publish();
    EXPECT_FALSE(only().descriptor.socket->outdated);
    close(process, slot);
    publish();
    EXPECT_TRUE(only().descriptor.socket->outdated);
}

TEST_F(LedgerTest, RecordsNameTheProcessAsItIsCalledWhenTheyArePublished) {
    DescriptorOwner& process = owner(5, "before");
    open(process, 3, "/a");
    process.actor.comm = "after";
    process.fd_limit = 1024;
    publish();
    EXPECT_EQ(records_.events[0].actor.comm, "after");
    EXPECT_EQ(only().fd_limit, 1024U);
}

/// Not even by two ledgers: each source has a ledger of its own.
TEST_F(LedgerTest, NumbersAreNeverGivenTwice) {
    Ledger other(numbers_);
    DescriptorOwner& process = owner(5);
    std::set<std::uint64_t> given;
    for (int i = 0; i < 20; ++i) {
        Ledger& ledger = i % 2 == 0 ? ledger_ : other;
        const auto slot = ledger.opened(process, {descriptor(3, "/a"), {}, at({}), false});
        EXPECT_TRUE(given.insert(process.known[slot].descriptor.id).second);
        ledger.closed(process, slot, Ledger::Closing::by_call);
        ledger.publish(at({}), records_);
    }
    EXPECT_FALSE(given.contains(0)) << "which stands for none";
}

TEST_F(LedgerTest, ASlotIsFreeOnlyWhenTheCloseIsPublished) {
    DescriptorOwner& process = owner(5);
    const auto first = open(process, 3, "/a");
    publish();
    close(process, first);
    EXPECT_TRUE(ledger_.has_closes());
    int visited = 0;
    ledger_.for_each_closed([&](const DescriptorOwner&, KnownFd& known) {
        EXPECT_EQ(known.descriptor.name, "/a");
        ++visited;
    });
    EXPECT_EQ(visited, 1);
    const auto second = open(process, 3, "/b");
    EXPECT_NE(second, first);
    publish();
    EXPECT_FALSE(ledger_.has_closes());
    EXPECT_EQ(open(process, 4, "/c"), first);
}

TEST_F(LedgerTest, CountsWhatIsOpenOfAllProcesses) {
    DescriptorOwner& a = owner(5);
    DescriptorOwner& b = owner(7);
    const auto slot = open(a, 3, "/a");
    open(b, 3, "/b");
    EXPECT_EQ(ledger_.open(), 2U);
    close(a, slot);
    EXPECT_EQ(ledger_.open(), 1U);
    publish();
    EXPECT_EQ(ledger_.open(), 1U);
}

}  // namespace
}  // namespace logfia
