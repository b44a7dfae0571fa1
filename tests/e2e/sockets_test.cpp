// Every family and state that this kernel can make on the loopback, asked directly and by tables.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <ostream>

namespace logfia::test {
namespace {

using testing::ContainsRegex;
using testing::MatchesRegex;

/// Commands of the helper, one after the other; `%N` is the first number that the Nth answered, and
/// `%Np` its second, `%pid` the helper's PID. The last one's first number, or that of the answer
/// number `shown`, is the descriptor.
struct Case {
    const char* name;
    std::vector<std::string> commands;
    int shown;                     ///< counted from 1
    const char* copies;            ///< a regular expression: the detail in text
    const char* tables;            ///< expected with --no-dup
    const char* json = "";         ///< a regular expression of some keys, by copies
    const char* json_tables = "";  ///< expected with --no-dup; empty: as by copies
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

#define LOCAL "127\\.0\\.0\\.1:[0-9]+"

const Case kCases[] = {
    {"TcpListening",
     {"tcp-listen"},
     1,
     " tcp " LOCAL " LISTEN",
     " tcp " LOCAL " LISTEN",
     "\"state\":\"listen\",\"local_address\":\"127.0.0.1\""},
    {"TcpClient",
     {"tcp-listen", "tcp-connect 127.0.0.1 %1p"},
     2,
     " tcp " LOCAL " -",
     " tcp " LOCAL " -",
     "\"state\":\"established\".*\"remote_address\":\"127.0.0.1\""},
    {"TcpServer",
     {"tcp-listen", "tcp-connect 127.0.0.1 %1p", "accept %1"},
     3,
     " tcp " LOCAL " -",
     " tcp " LOCAL " -",
     "\"state\":\"established\""},
    {"TcpHalfClosedByPeer",
     {"tcp-listen", "tcp-connect 127.0.0.1 %1p", "accept %1", "shutdown %2", "receive %3 1"},
     3,
     " tcp " LOCAL " - CLOSE_WAIT",
     " tcp " LOCAL " - CLOSE_WAIT",
     "\"state\":\"close_wait\""},
    {"TcpHalfClosedByItself",
     {"tcp-listen", "tcp-connect 127.0.0.1 %1p", "accept %1", "shutdown %2", "receive %3 1"},
     2,
     " tcp " LOCAL " - FIN_WAIT[12]",
     " tcp " LOCAL " - FIN_WAIT[12]",
     "\"state\":\"fin_wait[12]\""},  // 1 until the acknowledgement is back
    {"TcpToAFullBacklog",
     {"tcp-listen", "listen %1 0", "tcp-connect 127.0.0.1 %1p nonblock",
      "tcp-connect 127.0.0.1 %1p nonblock", "tcp-connect 127.0.0.1 %1p nonblock"},
     5,
     " tcp " LOCAL " - SYN_SENT",
     " tcp " LOCAL " - SYN_SENT",
     "\"state\":\"syn_sent\".*\"remote_address\":\"127.0.0.1\",\"remote_port\":[0-9]+"},
    {"TcpUnconnected",
     {"tcp-socket"},
     1,
     " tcp - UNCONNECTED",
     " tcp - UNCONNECTED",
     "\"state\":\"close\"",
     "\"type\":\"tcp\""},
    {"TcpBound",
     {"tcp-socket", "bind %1 127.0.0.1"},
     1,
     " tcp " LOCAL " BOUND",
     " tcp - UNCONNECTED",
     "\"local_port\":[0-9]+",
     "\"type\":\"tcp\""},
    {"TcpDualStackListening",
     {"tcp-listen ::"},
     1,
     " tcp6 \\[::\\]:[0-9]+ LISTEN",
     " tcp6 \\[::\\]:[0-9]+ LISTEN",
     "\"local_address\":\"::\""},
    {"TcpDualStackServer",
     {"tcp-listen ::", "tcp-connect 127.0.0.1 %1p", "accept %1"},
     3,
     " tcp6 " LOCAL " -",
     " tcp6 " LOCAL " -",
     "\"type\":\"tcp6\".*\"remote_address\":\"127.0.0.1\""},
    {"Tcp6Client",
     {"tcp-listen ::1", "tcp-connect ::1 %1p"},
     2,
     " tcp6 \\[::1\\]:[0-9]+ -",
     " tcp6 \\[::1\\]:[0-9]+ -",
     "\"remote_address\":\"::1\""},
    {"UdpUnbound", {"udp"}, 1, " udp - UNCONNECTED", " udp - UNCONNECTED"},
    {"UdpBound", {"udp-bind"}, 1, " udp " LOCAL " BOUND", " udp " LOCAL " BOUND"},
    {"UdpConnected",
     {"udp-connect 127.0.0.1 9"},
     1,
     " udp 127\\.0\\.0\\.1:9 -",
     " udp 127\\.0\\.0\\.1:9 -",
     "\"remote_port\":9"},
    {"Udp6Connected", {"udp-connect ::1 9"}, 1, " udp6 \\[::1\\]:9 -", " udp6 \\[::1\\]:9 -"},
    {"UdpDisconnected",
     {"udp-connect 127.0.0.1 9", "disconnect %1"},
     1,
     " udp (-|0\\.0\\.0\\.0:[0-9]+) (UNCONNECTED|BOUND)",
     " udp (-|0\\.0\\.0\\.0:[0-9]+) (UNCONNECTED|BOUND)"},
    // getpeername(2) takes port 0 for no peer, and yet it is one.
    {"UdpConnectedToNoPort",
     {"udp-connect 127.0.0.7 0"},
     1,
     " udp 127\\.0\\.0\\.7:0 -",
     " udp 127\\.0\\.0\\.7:0 -",
     "\"state\":\"connected\".*\"remote_address\":\"127.0.0.7\",\"remote_port\":0"},
    {"UdpLiteConnectedToNoPort",
     {"udplite", "connect %1 127.0.0.7 0"},
     1,
     " udplite 127\\.0\\.0\\.7:0 -",
     " udplite 127\\.0\\.0\\.7:0 -"},
    {"UdpLite", {"udplite"}, 1, " udplite - UNCONNECTED", " udplite - UNCONNECTED"},
    {"Raw", {"raw"}, 1, " raw 0\\.0\\.0\\.0:17 UNCONNECTED", " raw 0\\.0\\.0\\.0:17 UNCONNECTED"},
    {"RawConnected",
     {"raw", "connect %1 127.0.0.8 0"},
     1,
     " raw 127\\.0\\.0\\.8:0 -",
     " raw 127\\.0\\.0\\.8:0 -",
     "\"state\":\"connected\".*\"remote_address\":\"127.0.0.8\",\"remote_port\":0"},
    {"Raw6Connected",
     {"raw 6", "connect %1 ::1 0"},
     1,
     " raw6 \\[::1\\]:0 -",
     " raw6 \\[::1\\]:0 -"},
    {"RawDisconnected",
     {"raw", "connect %1 127.0.0.8 0", "disconnect %1"},
     1,
     " raw (-|0\\.0\\.0\\.0:[0-9]+) UNCONNECTED",
     " raw (-|0\\.0\\.0\\.0:[0-9]+) UNCONNECTED"},
    {"IcmpConnected",
     {"icmp", "connect %1 127.0.0.9 0"},
     1,
     " icmp 127\\.0\\.0\\.9:0 -",
     " icmp 127\\.0\\.0\\.9:0 -"},
    {"Icmp", {"icmp"}, 1, " icmp - UNCONNECTED", " icmp - UNCONNECTED"},
    {"UnixPair", {"socketpair"}, 1, " unix -", " unix -", "\"socket_type\":\"stream\""},
    {"UnixDatagrams", {"unix-socket dgram"}, 1, " unix -", " unix -", "\"socket_type\":\"dgram\""},
    {"UnixSeqpacket",
     {"socketpair seqpacket"},
     1,
     " unix -",
     " unix -",
     "\"socket_type\":\"seqpacket\""},
    {"UnixAbstract",
     {"unix-listen @logfia-%pid-a"},
     1,
     " unix @logfia-[0-9]+-a",
     " unix @logfia-[0-9]+-a",
     "\"path\":\"@logfia-[0-9]+-a\""},
    // The table writes `@` for each of them (unix_seq_show(), net/unix/af_unix.c).
    {"UnixAbstractWithNuls",
     {"unix-listen @logfia-%pid\\x00b\\x00"},
     1,
     " unix @logfia-[0-9]+\\\\x00b\\\\x00",
     " unix @logfia-[0-9]+@b@",
     "\"path\":\"@logfia-[0-9]+\\\\u0000b\\\\u0000\"",
     "\"path\":\"@logfia-[0-9]+@b@\""},
    {"UnixClientShowsItsPeersName",
     {"unix-listen @logfia-%pid-c", "unix-connect @logfia-%pid-c"},
     2,
     " unix @logfia-[0-9]+-c",
     " unix -",
     "\"peer_path\":\"@logfia-[0-9]+-c\"",
     "\"socket_type\":\"stream\""},
    {"NetlinkUnbound",
     {"netlink generic"},
     1,
     " netlink generic",
     " netlink -",
     "\"protocol\":\"generic\"",
     "\"type\":\"netlink\""},
    {"NetlinkBound",
     {"netlink audit", "netlink-bind %1 4711"},
     1,
     " netlink audit 4711",
     " netlink audit 4711",
     "\"protocol\":\"audit\",\"port_id\":4711"},
    {"Packet", {"packet"}, 1, " packet 0x0003", " packet 0x0003", "\"protocol\":\"0x0003\""},
    {"PacketOfAnInterface",
     {"packet", "packet-bind %1 lo"},
     1,
     " packet 0x0003 lo",
     " packet 0x0003 if1",
     "\"interface\":\"lo\",\"interface_index\":1",
     "\"interface_index\":1"},
    {"VsockUnbound", {"vsock"}, 1, " vsock - UNCONNECTED", " vsock"},
    {"VsockBound",
     {"vsock", "vsock-bind %1 0xffffffff 4711"},
     1,
     " vsock \\*:4711 BOUND",
     " vsock",
     "\"local_cid\":4294967295,\"local_port\":4711",
     "\"type\":\"vsock\""},
    {"Mptcp", {"mptcp"}, 1, " mptcp - UNCONNECTED", " mptcp"},
    {"MptcpListening",
     {"mptcp", "bind %1 127.0.0.1", "listen %1"},
     1,
     " mptcp " LOCAL " LISTEN",
     " mptcp",
     "\"local_address\":\"127.0.0.1\"",
     "\"type\":\"mptcp\""},
    {"Sctp", {"sctp"}, 1, " sctp .*", " sctp.*"},
    {"Alg", {"alg"}, 1, " socket alg", " socket alg", "\"type\":\"socket\".*\"family\":\"alg\""},
};

class SocketCases : public testing::TestWithParam<Case> {
  protected:
    /// The descriptor; none when this kernel or user cannot make it.
    std::optional<int> make() {
        std::vector<std::vector<int>> answers;
        for (const std::string& command : GetParam().commands) {
            try {
                answers.push_back(maker_.numbers(filled_in(command, answers)));
            } catch (const FdMakerError& error) {
                reason_ = error.what();
                return std::nullopt;
            }
        }
        return answers.at(static_cast<std::size_t>(GetParam().shown) - 1).at(0);
    }

    std::string filled_in(std::string command, const std::vector<std::vector<int>>& answers) {
        const auto replace = [&command](const std::string& what, const std::string& by) {
            for (auto at = command.find(what); at != std::string::npos; at = command.find(what))
                command = command.substr(0, at) + by + command.substr(at + what.size());
        };
        replace("%pid", maker_.pid_text());
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (answers[i].size() > 1)
                replace(fmt::format("%{}p", i + 1), std::to_string(answers[i][1]));
            if (!answers[i].empty())
                replace(fmt::format("%{}", i + 1), std::to_string(answers[i][0]));
        }
        return command;
    }

    void expect_shown(int fd, const std::string& detail, const std::string& json,
                      std::vector<std::string> options) {
        options.emplace_back("--once");
        const std::string text = line(options, fmt::format(" {}u ", fd), "-l");
        EXPECT_THAT(text, MatchesRegex(fmt::format("open fd_maker.[0-9]+. {}u "
                                                   "socket:.[0-9]+.{}",
                                                   fd, detail)));
        EXPECT_THAT(line(options, fmt::format("\"fd\":{},", fd), "-j"), ContainsRegex(json));
    }

    std::string line(std::vector<std::string> options, const std::string& piece,
                     const char* format) {
        options.emplace_back(format);
        const Outcome outcome = outcome_of(watch_arguments(maker_, options));
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        for (const std::string& one : outcome.lines)
            if (one.find(piece) != std::string::npos)
                return *format == '-' && format[1] == 'j' ? one : without_time(one);
        return "no line with " + piece;
    }

    FdMaker maker_;
    std::string reason_;
};

TEST_P(SocketCases, AreShown) {
    const auto fd = make();
    if (!fd) GTEST_SKIP() << "this kernel or user cannot make it: " << reason_;
    const Case& expected = GetParam();
    const std::string json = *expected.json != '\0' ? expected.json : "\"type\"";
    expect_shown(*fd, expected.copies, json, {});
    expect_shown(*fd, expected.tables, *expected.json_tables != '\0' ? expected.json_tables : json,
                 {"--no-dup"});
}

INSTANTIATE_TEST_SUITE_P(All, SocketCases, testing::ValuesIn(kCases),
                         [](const auto& each) { return std::string(each.param.name); });

JsonRecord once(const FdMaker& maker, int fd, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-j", "--once"});
    const Outcome outcome = outcome_of(watch_arguments(maker, more));
    for (const std::string& line : outcome.lines)
        if (line.find(fmt::format("\"fd\":{},", fd)) != std::string::npos) return JsonRecord(line);
    throw std::runtime_error("it is not shown: " + outcome.errors);
}

TEST(UnixSockets, ANewlineInTheNameIsKeptByBothWays) {
    const TempDir directory;
    FdMaker maker;
    const std::string path = directory.path("a\nb");
    const int fd = maker.fd("unix-listen " + as_word(path));
    EXPECT_EQ(once(maker, fd)["path"], path);
    EXPECT_EQ(once(maker, fd, {"--no-dup"})["path"], path);
}

TEST(UnixSockets, TellTheProcessAtTheOtherEnd) {
    const TempDir directory;
    FdMaker server;
    FdMaker client;
    client.ask("comm a\\x20[b]");
    const std::string path = directory.path("socket");
    const int listener = server.fd("unix-listen " + path);
    const int fd = client.fd("unix-connect " + path);
    const int accepted = server.fd(fmt::format("accept {}", listener));

    const JsonRecord at_client = once(client, fd);
    EXPECT_EQ(at_client["peer_path"], path);
    EXPECT_EQ(at_client["peer_pid"], server.pid_text());
    const JsonRecord at_server = once(server, accepted);
    EXPECT_EQ(at_server["path"], path);
    EXPECT_EQ(at_server["peer_pid"], client.pid_text());
    EXPECT_FALSE(once(server, listener).has("peer_pid")) << "it listens";
    if (!at_server.has("peer_comm")) GTEST_SKIP() << "Linux before 6.5 does not make it certain";
    EXPECT_EQ(at_server["peer_comm"], "a [b]");
    const Outcome text = outcome_of(watch_arguments(server, {"--once"}));
    const std::string expected =
        fmt::format(" unix {} made by a\\x20\\x5bb\\x5d[{}]", path, client.pid_text());
    EXPECT_THAT(text.lines, testing::Contains(testing::EndsWith(expected)));

    // Once the client has ended, its PID may belong to another process.
    client.end();
    EXPECT_FALSE(once(server, accepted).has("peer_pid"));
}

TEST(TcpTotals, AreToldWithTheClose) {
    FdMaker maker;
    const auto listener = maker.numbers("tcp-listen");
    const int fd = maker.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
    maker.ask(fmt::format("send {} 500", fd));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", fd);
    {
        const Standstill standstill(run);
        maker.ask(fmt::format("send {} 1000", fd));
        maker.ask(fmt::format("close {}", fd));
    }
    const JsonRecord close = records.next("close", fd);
    EXPECT_EQ(run.interrupt(), 0);
    // Nobody knows whether the kernel's notice has come by now.
    EXPECT_EQ(close["bytes_sent"], close.has("bytes_as_of") ? "500" : "1500");
    EXPECT_EQ(close["bytes_received"], "0");
    EXPECT_EQ(close["retransmits"], "0");
    EXPECT_TRUE(close.has("rtt_us"));
}

TEST(TcpTotals, StandInTextOnlyWithLong) {
    for (const std::string columns : {"-l", "--no-long"}) {
        FdMaker maker;
        const auto listener = maker.numbers("tcp-listen");
        const int fd = maker.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
        maker.ask(fmt::format("send {} 500", fd));
        LogfiaRun run(watch_arguments(maker, {columns, "-d", "5"}));
        ASSERT_TRUE(run.wait_for_line(fmt::format(":{} -", listener.at(1))));
        maker.ask(fmt::format("close {}", fd));
        ASSERT_TRUE(run.wait_for_line(" close "));
        EXPECT_EQ(run.interrupt(), 0);
        const std::string close = run.lines().back();
        EXPECT_EQ(close.find(" retransmits=0 rtt_us=") != std::string::npos, columns == "-l")
            << close;
    }
}

TEST(Objects, TellWhatTheyWatchAndCount) {
    const TempDir directory;
    FdMaker maker;
    const auto pipe = maker.numbers("pipe");
    const int epoll = maker.fd(fmt::format("epoll {} {}", pipe.at(0), pipe.at(1)));
    const int inotify = maker.fd("inotify " + directory.path());
    const int eventfd = maker.fd("eventfd");
    const int pidfd = maker.fd("pidfd");
    EXPECT_THAT(once(maker, epoll)["targets"],
                MatchesRegex(fmt::format(".*\"fd\":{},.*\"fd\":{},.*", pipe.at(0), pipe.at(1))));
    EXPECT_THAT(once(maker, inotify)["targets"],
                MatchesRegex(".\\{\"inode\":[0-9]+,\"device\":\"[0-9]+:[0-9]+\"\\}."));
    EXPECT_EQ(once(maker, eventfd)["count"], "0");
    EXPECT_EQ(once(maker, pidfd)["target_pid"], maker.pid_text());
}

}  // namespace
}  // namespace logfia::test
