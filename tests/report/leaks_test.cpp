// Groups of what was left open, and how much is remembered. The verdict: leak_rules_test.cpp.

#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/report/leaks.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using test::EventMaker;
using test::fd_of;
using test::peer;
using test::v4;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<LeakGroup> groups_of(const Leaks& leaks) {
    return leaks.report(EventMaker{}.event(EventKind::lost, 5).at.steady, CommandEnd::otherwise)
        .groups;
}

std::shared_ptr<const SocketInfo> listener(std::uint16_t port) {
    SocketInfo socket;
    socket.state = SocketState::listen;
    socket.local = Endpoint{v4(192, 0, 2, 1), port};
    return std::make_shared<const SocketInfo>(socket);
}

TEST(LeaksTest, WhatIsClosedIsNone) {
    Leaks leaks(2);
    for (std::uint64_t id = 1; id < 10; ++id) {
        EventMaker maker{id};
        leaks.note(maker.open());
        leaks.note(maker.close());
    }
    EXPECT_THAT(groups_of(leaks), IsEmpty());
}

TEST(LeaksTest, WhatWasOpenBeforeIsNone) {
    Leaks leaks(1);
    EventMaker maker;
    leaks.note(maker.initial());
    EXPECT_THAT(groups_of(leaks), IsEmpty());
    leaks.note(maker.close_at_exit());
    EXPECT_THAT(groups_of(leaks), IsEmpty());
}

/// A shell redirects its own standard streams, and sets up those of a pipeline.
TEST(LeaksTest, AStandardStreamIsNone) {
    Leaks leaks(1);
    for (int fd = 0; fd <= 3; ++fd) {
        Event open = EventMaker{static_cast<std::uint64_t>(fd + 1)}.open(1);
        fd_of(open).descriptor.fd = fd;
        leaks.note(open);
        EXPECT_EQ(groups_of(leaks).size(), fd == 3 ? 1U : 0U);
    }
}

TEST(LeaksTest, OpenAtTheEndOfTheProcessOrOfTheWatch) {
    Leaks leaks(2);
    EventMaker first{1};
    EventMaker second{2};
    Event open = first.open(1);
    fd_of(open).fd_limit = 1024;
    leaks.note(open);
    leaks.note(second.open(3));
    leaks.note(first.close_at_exit(5));
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(1));
    EXPECT_EQ(groups[0].count, 2U);
    EXPECT_EQ(groups[0].pid, 42);
    EXPECT_EQ(groups[0].comm, "worker");
    EXPECT_EQ(groups[0].name, "/etc/hosts");
    EXPECT_EQ(groups[0].first_seen.wall, first.open(1).at.wall);
    EXPECT_EQ(groups[0].fd_limit, 1024U);
    EXPECT_EQ(groups[0].watched, std::chrono::seconds(4));
    leaks.note(second.close_at_exit(5));
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].count, 2U);
}

TEST(LeaksTest, WhatIsMadeUpIsAlikeWordsAreNot) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::file, "/tmp/a1"}.open());
    leaks.note(EventMaker{2, FdType::file, "/tmp/a27"}.open());
    leaks.note(EventMaker{3, FdType::file, "/tmp/tmpxkqdwnrt"}.open());
    leaks.note(EventMaker{4, FdType::file, "/tmp/tmpa_0kz9fe"}.open());
    leaks.note(EventMaker{5, FdType::file, "/tmp/b"}.open());
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(3));
    EXPECT_EQ(groups[0].name, "/tmp/a*");
    EXPECT_EQ(groups[0].count, 2U);
    EXPECT_EQ(groups[1].name, "/tmp/tmp*");
    EXPECT_EQ(groups[2].name, "/tmp/b");
}

TEST(LeaksTest, TenDifferentFilesOfADirectoryAreAlike) {
    Leaks leaks(2);
    for (std::uint64_t id = 1; id < 10; ++id)
        leaks.note(EventMaker{id, FdType::file, "/tmp/" + std::string(id, 'x')}.open());
    leaks.note(EventMaker{20, FdType::file, "/other/x"}.open());
    leaks.note(EventMaker{21, FdType::fifo, "/tmp/y"}.open());
    EXPECT_THAT(groups_of(leaks), SizeIs(11));
    leaks.note(EventMaker{10, FdType::file, "/tmp/word"}.open());
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(3));
    EXPECT_EQ(groups[0].name, "/tmp/*");
    EXPECT_EQ(groups[0].count, 10U);
}

TEST(LeaksTest, ADirectoryThatAllShareHasItsName) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::file, "/tmp/a8f3kq/x1"}.open());
    leaks.note(EventMaker{2, FdType::file, "/tmp/a8f3kq/x2"}.open());
    leaks.note(EventMaker{3, FdType::file, "/tmp/a8f3kq/x3"}.open());
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].name, "/tmp/a8f3kq/x*");
    leaks.note(EventMaker{4, FdType::file, "/tmp/b8f3kq/x4"}.open());
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].name, "/tmp/*/x*");
}

/// The user looks for a file, not for a pattern.
TEST(LeaksTest, AGroupOfWhichOneFileIsOpenHasItsName) {
    Leaks leaks(2);
    leaks.note(EventMaker{100}.initial());
    for (std::uint64_t id = 1; id <= 20; ++id) {
        EventMaker maker{id, FdType::file, "/tmp/" + std::string(id, 'x')};
        leaks.note(maker.open());
        if (id != 13) leaks.note(maker.close());
    }
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].name, "/tmp/" + std::string(13, 'x'));
}

TEST(LeaksTest, TenPeersOfOnePortAreAlike) {
    Leaks leaks(2);
    const auto to = [](std::uint64_t i, std::uint16_t port) {
        return EventMaker{i, FdType::tcp, fmt::format("socket:[{}]", i),
                          peer(v4(192, 0, 2, static_cast<std::uint8_t>(i)), port)};
    };
    for (std::uint64_t i = 1; i < 10; ++i) leaks.note(to(i, 443).open());
    leaks.note(to(20, 80).open());
    EXPECT_THAT(groups_of(leaks), SizeIs(10));
    leaks.note(to(10, 443).open());
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "*:443");
    EXPECT_EQ(groups[0].count, 10U);
    EXPECT_EQ(groups[1].name, "192.0.2.20:80");
}

/// The clients of a server on a port that the kernel has chosen.
TEST(LeaksTest, ConnectionsThatWereAcceptedAreAlikeWhateverTheClientsPort) {
    Leaks leaks(2);
    EventMaker own{1, FdType::tcp, "socket:[1]", listener(45'000)};
    leaks.note(own.initial());
    for (std::uint64_t i = 2; i <= 4; ++i) {
        SocketInfo socket = *peer(v4(192, 0, 2, 9), static_cast<std::uint16_t>(1000 * i));
        socket.local->port = 45'000;
        leaks.note(
            EventMaker{i, FdType::tcp, "socket:[2]", std::make_shared<SocketInfo>(socket)}.open());
    }
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].name, "192.0.2.9:*");
}

/// A server on two ports, and a client of its own, have left nothing open that they should not.
TEST(LeaksTest, ListenersAreAlikeOnTheSamePortOnly) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::tcp, "socket:[1]", listener(80)}.open());
    leaks.note(EventMaker{2, FdType::tcp, "socket:[2]", listener(443)}.open());
    leaks.note(EventMaker{3, FdType::tcp, "socket:[3]", peer(v4(192, 0, 2, 1), 80)}.open());
    EXPECT_THAT(groups_of(leaks), SizeIs(3));
    leaks.note(EventMaker{4, FdType::tcp, "socket:[4]", listener(80)}.open());
    leaks.note(EventMaker{5, FdType::tcp, "socket:[5]", listener(40'000)}.open());
    leaks.note(EventMaker{6, FdType::tcp, "socket:[6]", listener(41'000)}.open());
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(4));
    EXPECT_EQ(groups[0].name, "192.0.2.1:* LISTEN");
    EXPECT_EQ(groups[0].count, 2U);
    EXPECT_EQ(groups[1].name, "192.0.2.1:80 LISTEN");
    EXPECT_EQ(groups[1].count, 2U);
}

TEST(LeaksTest, PipesAndAnonymousInodesByTheirType) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::pipe, "pipe:[1]"}.open());
    leaks.note(EventMaker{2, FdType::pipe, "pipe:[2]"}.open());
    leaks.note(EventMaker{3, FdType::eventfd, "anon_inode:[eventfd]"}.open());
    const auto groups = groups_of(leaks);
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
    EXPECT_THAT(groups_of(leaks), SizeIs(2));
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
    const auto groups = groups_of(leaks);
    ASSERT_THAT(groups, SizeIs(2));
    EXPECT_EQ(groups[0].name, "/new");
    EXPECT_EQ(groups[1].name, "192.0.2.1:80");
    EXPECT_EQ(groups[1].first_seen.wall, maker.open(1).at.wall);
}

TEST(LeaksTest, CountsWhatIsInCloseWait) {
    Leaks leaks(2);
    leaks.note(EventMaker{100}.initial());
    SocketInfo left = *peer(v4(192, 0, 2, 1), 80);
    left.state = SocketState::close_wait;
    for (std::uint64_t id = 1; id <= 4; ++id) {
        EventMaker maker{id, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)};
        leaks.note(maker.open());
        if (id == 1) leaks.note(maker.event(EventKind::hangup, 1));
        if (id == 2) maker.socket = std::make_shared<SocketInfo>(left);
        if (id <= 2) leaks.note(maker.close_at_exit(1));
    }
    ASSERT_THAT(groups_of(leaks), SizeIs(1));
    EXPECT_EQ(groups_of(leaks)[0].count, 4U);
    EXPECT_EQ(groups_of(leaks)[0].in_close_wait, 2U);
}

TEST(LeaksTest, ManyProcessesThatLeaveOneFileEachDoNotGrowIt) {
    Leaks leaks(2, 1);
    constexpr std::uint64_t kProcesses = 5 * Leaks::kMaxGroups;
    for (std::uint64_t process = 1; process <= kProcesses; ++process) {
        EventMaker maker{process};
        maker.process = process;
        // The first is the command's, and a leak.
        EventMaker twin{kProcesses + process};
        twin.process = process;
        leaks.note(maker.open());
        if (process == 1) leaks.note(twin.open());
        leaks.note(maker.close_at_exit());
        if (process == 1) leaks.note(twin.close_at_exit());
    }
    const LeakReport report = leaks.report(EventMaker{}.open(5).at.steady, CommandEnd::by_itself);
    EXPECT_LE(report.groups.size(), 2 * Leaks::kMaxGroups);
    EXPECT_EQ(report.groups.size() + report.forgotten, kProcesses);
    EXPECT_TRUE(report.leaked());
    EXPECT_EQ(report.groups[0].count, 2U);
}

/// As a search through a file system does.
TEST(LeaksTest, ManyDirectoriesWhoseFilesAreClosedDoNotGrowIt) {
    Leaks leaks(2);
    leaks.note(EventMaker{1, FdType::file, "/kept"}.open());
    for (std::uint64_t id = 2; id <= 3 * Leaks::kMaxGroups; ++id) {
        std::string directory = "/";
        for (std::uint64_t rest = id; rest > 0; rest /= 26)
            directory += static_cast<char>('a' + rest % 26);
        EventMaker maker{id, FdType::file, directory + "/x"};
        leaks.note(maker.open());
        leaks.note(maker.close());
    }
    EXPECT_LE(leaks.remembered(), Leaks::kMaxGroups + 1);
    EXPECT_THAT(groups_of(leaks), SizeIs(1));
}

}  // namespace
}  // namespace logfia
