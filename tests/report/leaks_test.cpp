#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/report/leaks.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia {
namespace {

using test::EventMaker;
using test::fd_of;
using test::peer;
using test::v4;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LeaksTest, WhatIsClosedIsNone) {
    Leaks leaks(2);
    for (std::uint64_t id = 1; id < 10; ++id) {
        EventMaker maker{id};
        leaks.note(maker.open());
        leaks.note(maker.close());
    }
    EXPECT_THAT(leaks.groups(), IsEmpty());
    EXPECT_FALSE(leaks.leaked());
}

TEST(LeaksTest, WhatWasOpenBeforeIsNone) {
    Leaks leaks(1);
    EventMaker maker;
    leaks.note(maker.initial());
    EXPECT_THAT(leaks.groups(), IsEmpty());
    leaks.note(maker.close_at_exit());
    EXPECT_THAT(leaks.groups(), IsEmpty());
}

/// A shell redirects its own standard streams, and sets up those of a pipeline.
TEST(LeaksTest, AStandardStreamIsNone) {
    Leaks leaks(1);
    for (int fd = 0; fd <= 3; ++fd) {
        Event open = EventMaker{static_cast<std::uint64_t>(fd + 1)}.open(1);
        fd_of(open).descriptor.fd = fd;
        leaks.note(open);
        EXPECT_EQ(leaks.leaked(), fd == 3);
    }
}

TEST(LeaksTest, OpenAtTheEndOfTheProcessOrOfTheWatch) {
    Leaks leaks(2);
    EventMaker first{1};
    EventMaker second{2};
    Event open = first.open(1);
    fd_of(open).fd_limit = 1024;
    leaks.note(open);
    leaks.note(first.close_at_exit(5));
    leaks.note(second.open(3));
    const auto groups = leaks.groups();
    ASSERT_THAT(groups, SizeIs(1));
    EXPECT_EQ(groups[0].count, 2U);
    EXPECT_EQ(groups[0].pid, 42);
    EXPECT_EQ(groups[0].comm, "worker");
    EXPECT_EQ(groups[0].name, "/etc/hosts");
    EXPECT_EQ(groups[0].first_seen.wall, first.open(1).at.wall);
    EXPECT_EQ(groups[0].fd_limit, 1024U);
    EXPECT_TRUE(leaks.leaked());
}

TEST(LeaksTest, ASmallGroupIsListedOnly) {
    Leaks leaks(2);
    leaks.note(EventMaker{}.open());
    ASSERT_THAT(leaks.groups(), SizeIs(1));
    EXPECT_FALSE(leaks.is_leak(leaks.groups()[0]));
    EXPECT_FALSE(leaks.leaked());
}

TEST(LeaksTest, DigitsAreAlikeWordsAreNot) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::file, "/tmp/a1"}.open());
    leaks.note(EventMaker{2, FdType::file, "/tmp/a27"}.open());
    leaks.note(EventMaker{3, FdType::file, "/tmp/b"}.open());
    const auto groups = leaks.groups();
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "/tmp/a*");
    EXPECT_EQ(groups[0].count, 2U);
    EXPECT_EQ(groups[1].name, "/tmp/b");
}

TEST(LeaksTest, PeersAreAlikeWhateverTheirPort) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)}.open());
    leaks.note(EventMaker{2, FdType::tcp, "socket:[2]", peer(v4(192, 0, 2, 1), 81)}.open());
    leaks.note(EventMaker{3, FdType::tcp, "socket:[3]", peer(v4(192, 0, 2, 2), 80)}.open());
    const auto groups = leaks.groups();
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "192.0.2.1");
    EXPECT_EQ(groups[1].name, "192.0.2.2:80");
}

/// A server on two ports, and a client of its own, have left nothing open that they should not.
TEST(LeaksTest, ListenersAreAlikeOnTheSamePortOnly) {
    const auto listener = [](std::uint16_t port) {
        SocketInfo socket;
        socket.state = SocketState::listen;
        socket.local = Endpoint{v4(192, 0, 2, 1), port};
        return std::make_shared<const SocketInfo>(socket);
    };
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::tcp, "socket:[1]", listener(80)}.open());
    leaks.note(EventMaker{2, FdType::tcp, "socket:[2]", listener(443)}.open());
    leaks.note(EventMaker{3, FdType::tcp, "socket:[3]", peer(v4(192, 0, 2, 1), 80)}.open());
    EXPECT_THAT(leaks.groups(), SizeIs(3));
    EXPECT_FALSE(leaks.leaked());
    leaks.note(EventMaker{4, FdType::tcp, "socket:[4]", listener(80)}.open());
    EXPECT_EQ(leaks.groups()[0].count, 2U);
    EXPECT_EQ(leaks.groups()[0].name, "192.0.2.1:80");
}

TEST(LeaksTest, PipesAndAnonymousInodesByTheirType) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::pipe, "pipe:[1]"}.open());
    leaks.note(EventMaker{2, FdType::pipe, "pipe:[2]"}.open());
    leaks.note(EventMaker{3, FdType::eventfd, "anon_inode:[eventfd]"}.open());
    const auto groups = leaks.groups();
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "pipe");
    EXPECT_EQ(groups[1].name, "anon_inode:[eventfd]");
}

TEST(LeaksTest, AReusedPidIsAnotherProcess) {
    Leaks leaks(2);
    EventMaker old{1};
    leaks.note(old.open());
    leaks.note(old.close_at_exit());
    EventMaker young{2};
    young.process = 2;
    leaks.note(young.open());
    EXPECT_THAT(leaks.groups(), SizeIs(2));
    EXPECT_FALSE(leaks.leaked());
}

TEST(LeaksTest, ItHasTheNameThatItHasAtTheEnd) {
    Leaks leaks(2);
    EventMaker maker{1, FdType::tcp, "socket:[1]"};
    leaks.note(maker.open(1));
    maker.socket = peer(v4(192, 0, 2, 1), 80);
    leaks.note(maker.event(EventKind::connect, 2));
    EventMaker file{2, FdType::file, "/new"};
    leaks.note(EventMaker{2, FdType::file, "/old"}.open());
    leaks.note(file.event(EventKind::rename));
    const auto groups = leaks.groups();
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "/new");
    EXPECT_EQ(groups[1].name, "192.0.2.1:80");
    EXPECT_EQ(groups[1].first_seen.wall, maker.open(1).at.wall);
}

TEST(LeaksTest, ManyProcessesThatLeaveOneFileEachDoNotGrowIt) {
    Leaks leaks(2);
    constexpr std::uint64_t kProcesses = 5 * Leaks::kMaxGroups;
    for (std::uint64_t process = 1; process <= kProcesses; ++process) {
        EventMaker maker{process};
        maker.process = process;
        leaks.note(maker.open());
        leaks.note(maker.close_at_exit());
    }
    EventMaker leak;
    for (std::uint64_t id = 1; id <= 2; ++id) {
        leak.id = kProcesses + id;
        leak.process = kProcesses + 1;
        leaks.note(leak.open());
        leaks.note(leak.close_at_exit());
    }
    EXPECT_LE(leaks.groups().size(), 2 * Leaks::kMaxGroups + 1);
    EXPECT_EQ(leaks.groups().size() + leaks.forgotten(), kProcesses + 1);
    EXPECT_TRUE(leaks.is_leak(leaks.groups()[0]));
}

}  // namespace
}  // namespace logfia
