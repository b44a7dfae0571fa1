#include <logfia/socket/socket_tables.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <support/temp_dir.hpp>
#include <vector>

namespace logfia {
namespace {

constexpr const char* kHeading = "  heading\n";

std::string tcp_row(std::uint64_t inode, int port) {
    return fmt::format(
        "   0: 00000000:{:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0       "
        " "
        "0 {} 1 0 100 0 0 10 0\n",
        port, inode);
}

std::string tcp6_row(std::uint64_t inode, int port) {
    return fmt::format(
        "   0: {0}:{1:04X} {0}:0000 0A 0:0 00:00000000 00000000     0        0 {2} 1 0 100 0 0\n",
        std::string(32, '0'), port, inode);
}

std::string unix_row(std::uint64_t inode, const std::string& path) {
    return fmt::format("00000000de3169d6: 00000002 00000000 00000000 0001 01 {} {}\n", inode, path);
}

WantedSocket wanted(std::uint64_t inode, FdType hint = FdType::socket) {
    WantedSocket socket;
    socket.inode = inode;
    socket.hint = hint;
    return socket;
}

/// A process's directory with tables that the test writes.
class FakeNetwork : public ::testing::Test {
  protected:
    void SetUp() override { tree.write("net/dev", "Inter-|\n"); }
    void table(const std::string& name, const std::string& rows) {
        tree.write("net/" + name, kHeading + rows);
    }
    WantedSocket resolve(const WantedSocket& socket) {
        std::vector<WantedSocket> sockets{socket};
        tables.resolve(tree.fd(), sockets);
        return sockets.front();
    }

    test::TempDir tree;
    SocketTables tables;
};

int port_of(const WantedSocket& socket) {
    return socket.info && socket.info->local ? socket.info->local->port : -1;
}

TEST_F(FakeNetwork, ReadsOnlyTheTablesThatCanHoldWhatIsWanted) {
    table("tcp", tcp_row(1, 80));
    table("udp", tcp_row(2, 53));
    table("unix", unix_row(3, "/a"));
    std::vector<WantedSocket> sockets{wanted(2, FdType::udp), wanted(1, FdType::tcp)};
    tables.resolve(tree.fd(), sockets);
    EXPECT_EQ(tables.tables_read(), 2U);
    EXPECT_EQ(port_of(sockets[0]), 53);
    EXPECT_EQ(sockets[0].type, FdType::udp);
    EXPECT_EQ(port_of(sockets[1]), 80);
    EXPECT_TRUE(sockets[0].looked && sockets[1].looked && sockets[0].found && sockets[1].found);
}

TEST_F(FakeNetwork, WithoutAHintStopsAtTheFirstTableThatAnswers) {
    table("unix", unix_row(3, "/a"));
    table("udp", tcp_row(2, 53) + tcp_row(9, 54) + tcp_row(8, 55));
    table("tcp", tcp_row(1, 80));
    EXPECT_EQ(resolve(wanted(3)).info->path, "/a");
    EXPECT_EQ(tables.tables_read(), 1U);
    EXPECT_EQ(port_of(resolve(wanted(2, FdType::unknown))), 53);
    EXPECT_EQ(tables.tables_read(), 3U);
    EXPECT_EQ(tables.rows_seen(), 3U) << "of udp only the first row";
    EXPECT_EQ(resolve(wanted(1)).type, FdType::tcp);
    EXPECT_EQ(tables.tables_read(), 6U);
}

TEST_F(FakeNetwork, WhatIsInNoTableWasLookedForAndNotFound) {
    table("tcp", tcp_row(1, 80));
    const auto socket = resolve(wanted(5, FdType::tcp));
    EXPECT_FALSE(socket.found);
    EXPECT_TRUE(socket.looked);
    EXPECT_EQ(socket.type, FdType::tcp);
    EXPECT_EQ(socket.info, nullptr);
    EXPECT_EQ(resolve(wanted(5, FdType::unknown)).type, FdType::socket);
    EXPECT_TRUE(resolve(wanted(1, FdType::vsock)).looked) << "no table has those";
    EXPECT_FALSE(resolve(wanted(1, FdType::udp)).found) << "the hint says that it is another";
}

TEST_F(FakeNetwork, ATableThatTheKernelDoesNotHaveIsNoFailure) {
    EXPECT_TRUE(resolve(wanted(5, FdType::udplite6)).looked);
    EXPECT_TRUE(resolve(wanted(5)).looked);
    EXPECT_EQ(tables.tables_read(), 0U);
}

TEST_F(FakeNetwork, ATableThatCannotBeReadIsAFailure) {
    tree.make_directory("net/tcp");
    table("tcp6", tcp6_row(7, 443));
    EXPECT_FALSE(resolve(wanted(5, FdType::tcp)).looked);
    EXPECT_FALSE(resolve(wanted(5)).looked);
    EXPECT_TRUE(resolve(wanted(7)).looked) << "found all the same";
}

TEST(SocketTables, WithoutANamespaceNothingWasLookedFor) {
    SocketTables tables;
    const test::TempDir tree;
    std::vector<WantedSocket> sockets{wanted(5, FdType::udp)};
    tables.resolve(tree.fd(), sockets);
    EXPECT_FALSE(sockets[0].looked);
    tree.make_directory("net");  // what a zombie has
    tables.resolve(tree.fd(), sockets);
    EXPECT_FALSE(sockets[0].looked);
    tables.resolve(-1, sockets);
    EXPECT_FALSE(sockets[0].looked);
    tables.resolve(-1, {});
}

TEST_F(FakeNetwork, TheSameInodeMayBeWantedTwice) {
    table("tcp", tcp_row(1, 80) + tcp_row(2, 81));
    std::vector<WantedSocket> sockets{wanted(2, FdType::tcp), wanted(1, FdType::tcp), wanted(2)};
    tables.resolve(tree.fd(), sockets);
    EXPECT_EQ(port_of(sockets[0]), 81);
    EXPECT_EQ(port_of(sockets[1]), 80);
    EXPECT_EQ(sockets[0].info, sockets[2].info);
    EXPECT_EQ(tables.tables_read(), 1U);
}

TEST_F(FakeNetwork, AnAnswerOfTheLookBeforeIsForgotten) {
    table("tcp", tcp_row(1, 80));
    auto socket = resolve(wanted(1, FdType::tcp));
    ASSERT_TRUE(socket.found);
    table("tcp", "");
    socket = resolve(socket);
    EXPECT_FALSE(socket.found);
    EXPECT_EQ(socket.info, nullptr);
}

TEST_F(FakeNetwork, InodeZeroIsNobodys) {
    table("tcp", tcp_row(0, 80));
    EXPECT_FALSE(resolve(wanted(0, FdType::tcp)).found);
    EXPECT_FALSE(resolve(wanted(0)).found);
}

TEST_F(FakeNetwork, AnMptcpSocketIsFoundByItsSubflow) {
    table("tcp", tcp_row(1, 80));
    table("tcp6", tcp6_row(1, 81) + tcp6_row(2, 82));
    EXPECT_EQ(resolve(wanted(1, FdType::mptcp)).type, FdType::mptcp);
    EXPECT_EQ(port_of(resolve(wanted(1, FdType::mptcp))), 80);
    EXPECT_EQ(port_of(resolve(wanted(2, FdType::mptcp))), 82);
}

TEST_F(FakeNetwork, ASixSocketMayHaveMovedToTheFourTable) {
    table("tcp6", tcp6_row(1, 80));
    table("tcp", tcp_row(2, 81));
    EXPECT_EQ(resolve(wanted(1, FdType::tcp6)).type, FdType::tcp6);
    EXPECT_EQ(tables.tables_read(), 1U);
    EXPECT_EQ(resolve(wanted(2, FdType::tcp6)).type, FdType::tcp);
    EXPECT_EQ(tables.tables_read(), 3U);
    EXPECT_FALSE(resolve(wanted(1, FdType::tcp)).found) << "the other way round it cannot be";
}

TEST_F(FakeNetwork, RowsMayStraddleTheChunksThatAreRead) {
    std::string rows;
    constexpr int kCount = 5000;  // ten chunks
    for (int i = 1; i <= kCount; ++i) {
        rows += tcp_row(static_cast<std::uint64_t>(i) * 4294967291U, i);
    }
    table("tcp", rows);
    std::vector<WantedSocket> sockets;
    for (int i = 1; i <= kCount; ++i) {
        sockets.push_back(
            wanted(static_cast<std::uint64_t>(kCount + 1 - i) * 4294967291U, FdType::tcp));
    }
    tables.resolve(tree.fd(), sockets);
    for (int i = 1; i <= kCount; ++i) {
        ASSERT_EQ(port_of(sockets[static_cast<std::size_t>(i - 1)]), kCount + 1 - i);
    }
    EXPECT_EQ(tables.rows_seen(), std::uint64_t{kCount});
    EXPECT_EQ(tables.rows_skipped(), 0U);
}

TEST_F(FakeNetwork, MalformedAndCutRowsAreSkippedAndCounted) {
    const auto good = tcp_row(2, 81);
    const auto cut = tcp_row(1, 80);
    for (std::size_t length = 1; length < cut.size(); ++length) {
        SocketTables fresh;
        // Cut at the end of the table, which the kernel never does, and so never to be trusted.
        table("tcp", good + cut.substr(0, length));
        std::vector<WantedSocket> sockets{wanted(1, FdType::tcp), wanted(2, FdType::tcp)};
        fresh.resolve(tree.fd(), sockets);
        EXPECT_FALSE(sockets[0].found);
        EXPECT_EQ(port_of(sockets[1]), 81);
        EXPECT_EQ(fresh.rows_seen(), 2U);
        EXPECT_EQ(fresh.rows_skipped(), 1U) << length;
    }
    table("tcp", "\nx\n" + std::string(100000, '7') + "\n" + good);
    EXPECT_EQ(port_of(resolve(wanted(2, FdType::tcp))), 81);
    EXPECT_EQ(tables.rows_skipped(), 3U) << "two that are none, and one that no buffer holds";
}

TEST_F(FakeNetwork, ARowThatIsWantedMustBeWholeAndRight) {
    auto row = tcp_row(1, 80);
    row.replace(row.find(":0050"), 5, ":00x0");
    table("tcp", row);
    EXPECT_FALSE(resolve(wanted(1, FdType::tcp)).found);
    EXPECT_EQ(tables.rows_skipped(), 1U);
}

TEST_F(FakeNetwork, APathWithANewlineIsPutTogetherAgain) {
    table("unix", unix_row(1, "/a\nb\n\n1 2 3 4 5 6 7 8") + unix_row(2, "\n") + unix_row(3, "/c"));
    std::vector<WantedSocket> sockets{wanted(1), wanted(2), wanted(3)};
    tables.resolve(tree.fd(), sockets);
    EXPECT_EQ(sockets[0].info->path, "/a\nb\n\n1 2 3 4 5 6 7 8");
    EXPECT_EQ(sockets[1].info->path, "\n");
    EXPECT_EQ(sockets[2].info->path, "/c");
    EXPECT_EQ(tables.rows_skipped(), 4U);
}

TEST_F(FakeNetwork, APathGrowsNoLongerThanASocketAddress) {
    std::string rows = unix_row(1, "/a");
    for (int i = 0; i < 1000; ++i) rows += "more\n";
    table("unix", rows);
    EXPECT_LE(resolve(wanted(1)).info->path.size(), 108U);
    EXPECT_EQ(tables.rows_skipped(), 1000U);
}

TEST_F(FakeNetwork, ARowForgedInAPathIsNotBelieved) {
    for (const auto& rows : {unix_row(9, "/a\n" + unix_row(1, "/forged")) + unix_row(1, "/true"),
                             unix_row(1, "/true") + unix_row(9, "/a\n" + unix_row(1, "/forged"))}) {
        table("unix", rows);
        const auto socket = resolve(wanted(1));
        EXPECT_TRUE(socket.found);
        EXPECT_EQ(socket.type, FdType::unix_socket);
        EXPECT_EQ(socket.info, nullptr) << socket.info->path;
    }
    table("tcp", tcp_row(1, 80));
    EXPECT_EQ(resolve(wanted(1, FdType::tcp)).type, FdType::tcp);
}

}  // namespace
}  // namespace logfia
