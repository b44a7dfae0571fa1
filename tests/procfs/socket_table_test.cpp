#include <logfia/procfs/socket_table.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <set>
#include <string>
#include <support/prefixes.hpp>
#include <vector>

namespace logfia {
namespace {

/// As the kernel prints it: each 32-bit word as a number of this machine's byte order.
std::string hex_address(const char* text) {
    std::uint32_t words[4] = {};
    const bool six = std::string_view(text).find(':') != std::string_view::npos;
    EXPECT_EQ(::inet_pton(six ? AF_INET6 : AF_INET, text, words), 1) << text;
    std::string hex;
    for (int i = 0; i < (six ? 4 : 1); ++i) hex += fmt::format("{:08X}", words[i]);
    return hex;
}

std::string inet_row(const char* local, const char* remote, const char* state,
                     const std::string& inode = "31037") {
    const auto end = [](std::string_view text) {
        const auto colon = text.rfind('#');
        const auto port = std::stoi(std::string(text.substr(colon + 1)));
        return fmt::format("{}:{:04X}", hex_address(std::string(text.substr(0, colon)).c_str()),
                           port);
    };
    return fmt::format(
        "   7: {} {} {} 00000000:00000000 00:00000000 00000000  1000        0 {} 1 "
        "0000000000000000 100 0 0 10 0                    ",
        end(local), end(remote), state, inode);
}

std::string text(const std::optional<Endpoint>& endpoint) {
    std::string out;
    if (endpoint) append_endpoint(out, *endpoint);
    return out;
}

TEST(SocketTable, EachHasAFileAndAType) {
    std::set<std::string> files;
    for (std::size_t i = 0; i < kSocketTableCount; ++i) {
        const auto table = static_cast<SocketTable>(i);
        files.insert(file_name(table));
        EXPECT_EQ(file_name(table), to_string(type_of(table)));
    }
    EXPECT_EQ(files.size(), kSocketTableCount);
}

TEST(ParseInetRow, ReadsBothEndsAndTheState) {
    const auto row =
        parse_inet_row(SocketTable::tcp, inet_row("192.0.2.1#45678", "52.84.139.212#80", "01"));
    ASSERT_TRUE(row);
    EXPECT_EQ(row->inode, 31037U);
    EXPECT_EQ(text(row->info.local), "192.0.2.1:45678");
    EXPECT_EQ(text(row->info.remote), "52.84.139.212:80");
    EXPECT_EQ(row->info.state, SocketState::established);
    EXPECT_EQ(row->info.path + row->info.protocol, "");
}

TEST(ParseInetRow, ReadsARowOfALittleEndianKernelToTheLetter) {
    if (std::endian::native != std::endian::little) GTEST_SKIP() << "this machine is big-endian";
    const auto four = parse_inet_row(
        SocketTable::tcp,
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        "
        "0 4294967296 1 00000000a855a824 100 0 0 10 0                      ");
    ASSERT_TRUE(four);
    EXPECT_EQ(four->inode, 4294967296U) << "an inode may need more than 32 bits";
    EXPECT_EQ(text(four->info.local), "127.0.0.1:8080");
    EXPECT_FALSE(four->info.remote);
    EXPECT_EQ(four->info.state, SocketState::listen);

    const auto six = parse_inet_row(
        SocketTable::tcp6,
        "   1: B80D0120000000000000000007000000:01BB B80D0120000000000000000001000000:C000 08 "
        "00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 20 4 30 10 -1");
    ASSERT_TRUE(six);
    EXPECT_EQ(text(six->info.local), "[2001:db8::7]:443");
    EXPECT_EQ(text(six->info.remote), "[2001:db8::1]:49152");
    EXPECT_EQ(six->info.state, SocketState::close_wait);
}

TEST(ParseInetRow, AMappedAddressIsTheFourOne) {
    const auto row = parse_inet_row(SocketTable::tcp6,
                                    inet_row("::ffff:192.0.2.1#80", "::ffff:198.51.100.7#5", "01"));
    ASSERT_TRUE(row);
    EXPECT_EQ(text(row->info.local), "192.0.2.1:80");
    EXPECT_EQ(text(row->info.remote), "198.51.100.7:5");
}

TEST(ParseInetRow, NobodyIsNoPeer) {
    const auto remote = [](SocketTable table, const char* local, const char* peer) {
        const auto row = parse_inet_row(table, inet_row(local, peer, "07"));
        return row ? text(row->info.remote) : "malformed";
    };
    EXPECT_EQ(remote(SocketTable::udp, "0.0.0.0#53", "0.0.0.0#0"), "");
    EXPECT_EQ(remote(SocketTable::udp6, "::#53", "::#0"), "");
    EXPECT_EQ(remote(SocketTable::udp6, "::#53", "::ffff:0.0.0.0#0"), "");
    EXPECT_EQ(remote(SocketTable::udp, "0.0.0.0#53", "0.0.0.0#9"), "0.0.0.0:9");
    EXPECT_EQ(remote(SocketTable::raw, "0.0.0.0#1", "192.0.2.9#0"), "192.0.2.9:0");
}

TEST(ParseInetRow, StatesAreThoseOfTheProtocol) {
    const auto state = [](SocketTable table, const char* number, const char* peer) {
        const auto row = parse_inet_row(table, inet_row("192.0.2.1#1", peer, number));
        return row ? row->info.state : SocketState::closing;
    };
    constexpr auto kPeer = "192.0.2.2#2";
    constexpr auto kNone = "0.0.0.0#0";
    constexpr const char* kNumbers[] = {"00", "01", "02", "03", "04", "05", "06",
                                        "07", "08", "09", "0A", "0B", "0C"};
    for (std::size_t i = 0; i < std::size(kNumbers); ++i) {
        EXPECT_EQ(state(SocketTable::tcp, kNumbers[i], kPeer), static_cast<SocketState>(i));
    }
    EXPECT_EQ(state(SocketTable::tcp, "0D", kPeer), SocketState::unknown) << "a newer kernel's";
    for (const auto table :
         {SocketTable::udp, SocketTable::udplite, SocketTable::raw, SocketTable::icmp}) {
        EXPECT_EQ(state(table, "01", kPeer), SocketState::established);
        EXPECT_EQ(state(table, "01", kNone), SocketState::unknown);
        EXPECT_EQ(state(table, "07", kNone), SocketState::unknown);
        EXPECT_EQ(state(table, "0A", kNone), SocketState::unknown);
    }
}

TEST(ParseInetRow, OddRowsAreNone) {
    const auto good = inet_row("192.0.2.1#80", "192.0.2.2#81", "01");
    ASSERT_TRUE(parse_inet_row(SocketTable::tcp, good));
    EXPECT_FALSE(parse_inet_row(SocketTable::tcp6, good)) << "the address is too short";
    EXPECT_FALSE(parse_inet_row(SocketTable::tcp, inet_row("::1#80", "::1#81", "01")));
    const auto with = [&](std::string_view old, std::string_view replacement) {
        auto row = good;
        return row.replace(row.find(old), old.size(), replacement);
    };
    const std::string port = ":0050 ";
    for (const auto& row :
         {with("7:", "7"), with(port, ":005G "), with(port, ":50 "), with(port, " 0050 "),
          with(port, ":00050 "), with(" 01 ", " 1FF "), with(" 01 ", " -1 "), with("31037", "x"),
          with("31037", "-1"), with("31037", "18446744073709551616"), with("31037", "0x10"),
          with("   7", "7 7"), std::string(), std::string("\0\0\0", 3), std::string(1000, ' '),
          std::string("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt "
                      "  uid  timeout inode")}) {
        EXPECT_FALSE(parse_inet_row(SocketTable::tcp, row)) << row;
    }
}

TEST(ParseInetRow, ARowThatIsCutIsNone) {
    const auto whole = inet_row("2001:db8::1#80", "2001:db8::2#81", "01");
    const auto enough = whole.find("31037") + 6;
    test::for_each_prefix(std::string_view(whole).substr(0, enough), [](std::string_view cut) {
        EXPECT_FALSE(parse_inet_row(SocketTable::tcp6, cut)) << cut;
    });
}

TEST(ParseUnixRow, ReadsPathsOfAnyBytes) {
    const std::string front = "00000000de3169d6: 00000003 00000000 00000000 0001 03 ";
    struct {
        const char* end;
        std::uint64_t inode;
        const char* path;
    } const cases[] = {
        {" 1142", 1142, ""},
        {"31037 /run/user/1000/bus", 31037, "/run/user/1000/bus"},
        {"31037 @/tmp/.X11-unix/X0", 31037, "@/tmp/.X11-unix/X0"},
        {"31037  two  spaces ", 31037, " two  spaces "},
        {"31037 ", 31037, ""},
        {"31037 \t\x01\xff", 31037, "\t\x01\xff"},
        {"18446744073709551615 @a@@b", UINT64_MAX, "@a@@b"},
    };
    for (const auto& test : cases) {
        const auto row = parse_unix_row(front + test.end);
        ASSERT_TRUE(row) << test.end;
        EXPECT_EQ(row->inode, test.inode);
        EXPECT_EQ(row->info.path, test.path);
        EXPECT_EQ(row->info.state, SocketState::established);
        EXPECT_FALSE(row->info.local || row->info.remote);
    }
}

TEST(ParseUnixRow, TellsListenersAndPeers) {
    const auto state = [](const char* flags, const char* number) {
        const auto row = parse_unix_row(
            fmt::format("00000000de3169d6: 00000002 00000000 {} 0001 {} 5 /a", flags, number));
        return row ? row->info.state : SocketState::closing;
    };
    EXPECT_EQ(state("00010000", "01"), SocketState::listen);
    EXPECT_EQ(state("00000000", "01"), SocketState::unknown);
    EXPECT_EQ(state("00000000", "02"), SocketState::unknown);
    EXPECT_EQ(state("00000000", "03"), SocketState::established);
}

TEST(ParseUnixRow, OddRowsAreNone) {
    for (const char* row :
         {"", "rest of a path", "Num       RefCount Protocol Flags    Type St Inode Path",
          "0 00000002 00000000 00000000 0001 01 5", "0: 00000002 00000000 00000000 0001 01 /a",
          "0: 00000002 00000000 00000000 0001 01 5/a", "0: 00000002 00000000 00000000 0001 xx 5",
          "0: 00000002 00000000 000000000 0001 01 -5", "0: 100000000 0 0 1 1 5"}) {
        EXPECT_FALSE(parse_unix_row(row)) << row;
    }
    const std::string_view whole = "00000000de3169d6: 00000003 00000000 00000000 0001 03 5";
    ASSERT_TRUE(parse_unix_row(whole));
    test::for_each_prefix(whole, [](std::string_view cut) { EXPECT_FALSE(parse_unix_row(cut)); });
}

TEST(ParseNetlinkRow, NamesTheProtocol) {
    const auto protocol = [](const char* number) {
        const auto row = parse_netlink_row(fmt::format(
            "00000000c397b6d6 {:<3} 4242       00000000 0        0        0     2        0        "
            "31040   ",
            number));
        return row && row->inode == 31040 ? row->info.protocol : "malformed";
    };
    EXPECT_EQ(protocol("0"), "route");
    EXPECT_EQ(protocol("4"), "sock_diag");
    EXPECT_EQ(protocol("12"), "netfilter");
    EXPECT_EQ(protocol("15"), "kobject_uevent");
    EXPECT_EQ(protocol("16"), "generic");
    EXPECT_EQ(protocol("17"), "17");
    EXPECT_EQ(protocol("22"), "smc");
    EXPECT_EQ(protocol("23"), "23");
    EXPECT_EQ(protocol("31"), "31");
    EXPECT_EQ(protocol("-1"), "malformed");
    EXPECT_EQ(protocol("x"), "malformed");
}

TEST(ParsePacketRow, ReadsTheEthertype) {
    const std::string_view whole =
        "00000000a1b2c3d4 3      3    0003   2     1 0      0      31042 ";
    const auto row = parse_packet_row(whole);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->inode, 31042U);
    EXPECT_EQ(row->info.protocol, "0x0003");
    for (const char* odd : {"", "sk               RefCnt Type Proto  Iface R Rmem   User   Inode",
                            "00000000a1b2c3d4 3      3    003   2     1 0      0      31042 ",
                            "00000000a1b2c3d4 3      3    000g   2     1 0      0      31042 ",
                            "00000000a1b2c3d4 3      3    0003   2     1 0      0      "}) {
        EXPECT_FALSE(parse_packet_row(odd)) << odd;
    }
}

TEST(ParseSocketRow, WhatIsCutBeforeItsInodeIsNone) {
    const std::string_view netlink =
        "00000000c397b6d6 16  4242       00000000 0        0        0     2        0        3";
    const std::string_view packet = "00000000a1b2c3d4 3      3    0003   2     1 0      0      3";
    ASSERT_TRUE(parse_socket_row(SocketTable::netlink, netlink));
    ASSERT_TRUE(parse_socket_row(SocketTable::packet, packet));
    test::for_each_prefix(netlink, [](std::string_view cut) {
        EXPECT_FALSE(parse_socket_row(SocketTable::netlink, cut)) << cut;
    });
    test::for_each_prefix(packet, [](std::string_view cut) {
        EXPECT_FALSE(parse_socket_row(SocketTable::packet, cut)) << cut;
    });
}

TEST(InodeOfRow, AgreesWithTheWholeParser) {
    const auto tcp = inet_row("192.0.2.1#80", "192.0.2.2#81", "01", "77");
    EXPECT_EQ(inode_of_row(SocketTable::tcp, tcp), 77U);
    EXPECT_EQ(inode_of_row(SocketTable::unix_sockets, "0: 2 0 0 1 1 78 /a 9"), 78U);
    EXPECT_EQ(inode_of_row(SocketTable::tcp, tcp.substr(0, tcp.find("77") + 2)), std::nullopt);
    EXPECT_EQ(inode_of_row(SocketTable::unix_sockets, "0: 2 0 0 1 1"), std::nullopt);
}

}  // namespace
}  // namespace logfia
