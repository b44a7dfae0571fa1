// Every type of descriptor that this kernel and this user can make.

#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/base/unique_fd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>

namespace logfia::test {
namespace {

using testing::Contains;
using testing::ContainsRegex;
using testing::MatchesRegex;
namespace fs = std::filesystem;

struct Kind {
    const char* command;  ///< `%` stands for the helper's PID, `{file}` for a file of ours
    const char* type;
    const char* access;  ///< as in JSON
    const char* name;    ///< a regular expression
    const char* detail;  ///< a regular expression: what follows the name in a text record
    const char* json;    ///< a regular expression of some of its keys
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.command;
}

constexpr const char* kSocket = "socket:\\[[0-9]+\\]";

const Kind kKinds[] = {
    {"open {file}", "file", "r", "{file}", "", "\"size\":[0-9]+,\"pos\":0"},
    {"open {file} path", "file", "path", "{file}", "", "\"inode\":[0-9]+"},
    {"open / r dir cloexec", "directory", "r", "/", "", "\"flags\":..*\"cloexec\""},
    {"open /dev/null rw nonblock", "char", "rw", "/dev/null", "", "\"flags\":.\"nonblock\""},
    {"pipe", "pipe", "r", "pipe:\\[[0-9]+\\]", "", "\"inode\":[0-9]+"},
    {"tty", "tty", "rw", "/dev/pts/[0-9]+", "", "\"device\":\"[0-9]+:[0-9]+\""},
    {"memfd a\\x20b", "memfd", "rw", "/memfd:a b \\(deleted\\)", "", "\"pos\":0"},
    {"memfd-secret", "memfd", "rw", "/secretmem \\(deleted\\)", "", "\"inode\":[0-9]+"},
    {"tcp-listen", "tcp", "rw", kSocket, " tcp 127\\.0\\.0\\.1:[0-9]+ LISTEN",
     "\"state\":\"listen\",\"local_address\":\"127.0.0.1\",\"local_port\":[0-9]+"},
    {"tcp-listen ::1", "tcp6", "rw", kSocket, " tcp6 \\[::1\\]:[0-9]+ LISTEN",
     "\"local_address\":\"::1\""},
    {"tcp-socket", "tcp", "rw", kSocket, " tcp - UNCONNECTED", "\"type\":\"tcp\""},
    {"tcp-socket 6", "tcp6", "rw", kSocket, " tcp6 - UNCONNECTED", "\"type\":\"tcp6\""},
    {"udp", "udp", "rw", kSocket, " udp - UNCONNECTED", "\"type\":\"udp\""},
    {"udp-bind", "udp", "rw", kSocket, " udp 127\\.0\\.0\\.1:[0-9]+ BOUND",
     "\"local_address\":\"127.0.0.1\""},
    {"udp-connect 127.0.0.1 9", "udp", "rw", kSocket, " udp 127\\.0\\.0\\.1:9 -",
     "\"remote_address\":\"127.0.0.1\",\"remote_port\":9"},
    {"udp-connect ::1 9", "udp6", "rw", kSocket, " udp6 \\[::1\\]:9 -",
     "\"remote_address\":\"::1\",\"remote_port\":9"},
    {"udp-connect ::ffff:127.0.0.1 9", "udp6", "rw", kSocket, " udp6 127\\.0\\.0\\.1:9 -",
     "\"remote_port\":9"},
    {"udplite", "udplite", "rw", kSocket, " udplite - UNCONNECTED", ""},
    {"udplite 6", "udplite6", "rw", kSocket, " udplite6 - UNCONNECTED", ""},
    {"raw", "raw", "rw", kSocket, " raw 0\\.0\\.0\\.0:17 UNCONNECTED", ""},
    {"raw 6", "raw6", "rw", kSocket, " raw6 \\[::\\]:17 UNCONNECTED", ""},
    {"icmp", "icmp", "rw", kSocket, " icmp .* UNCONNECTED", ""},
    {"icmp 6", "icmp6", "rw", kSocket, " icmp6 .* UNCONNECTED", ""},
    {"socketpair", "unix", "rw", kSocket, " unix -", ""},
    {"unix-socket dgram", "unix", "rw", kSocket, " unix -", ""},
    {"unix-listen @logfia-%", "unix", "rw", kSocket, " unix @logfia-[0-9]+",
     "\"path\":\"@logfia-[0-9]+\""},
    // Before it is bound, its protocol is in no table.
    {"netlink route", "netlink", "rw", kSocket, " netlink (route|-)", ""},
    {"packet", "packet", "rw", kSocket, " packet .*", ""},
    {"vsock", "vsock", "rw", kSocket, " vsock - UNCONNECTED", ""},
    {"mptcp", "mptcp", "rw", kSocket, " mptcp.*", ""},
    {"sctp", "sctp", "rw", kSocket, " sctp.*", ""},
    {"eventfd", "eventfd", "rw", "anon_inode:\\[eventfd\\]", "", ""},
    {"epoll", "epoll", "rw", "anon_inode:\\[eventpoll\\]", "", ""},
    {"inotify /", "inotify", "r", "anon_inode:inotify", "", ""},
    {"fanotify", "fanotify", "rw", "anon_inode:\\[fanotify\\]", "", ""},
    {"signalfd", "signalfd", "rw", "anon_inode:\\[signalfd\\]", "", ""},
    {"timerfd", "timerfd", "rw", "anon_inode:\\[timerfd\\]", "", ""},
    {"pidfd", "pidfd", "rw", "(anon_inode:\\[pidfd\\]|pidfd:.*)", "", ""},
    {"io_uring", "io_uring", "rw", "anon_inode:\\[io_uring\\]", "", ""},
    {"userfaultfd", "userfaultfd", "rw?", "anon_inode:\\[userfaultfd\\]", "", ""},
    {"perf_event", "perf_event", "rw", "anon_inode:\\[perf_event\\]", "", ""},
    {"bpf", "bpf", "rw", "anon_inode:bpf-map", "", ""},
    {"namespace net", "namespace", "r", "net:\\[[0-9]+\\]", "", ""},
    {"namespace mnt", "namespace", "r", "mnt:\\[[0-9]+\\]", "", ""},
};

std::string as_identifier(const testing::TestParamInfo<Kind>& info) {
    std::string name(info.param.command);
    for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return name;
}

std::string letter_of(const std::string& access) {
    if (access == "rw") return "u";
    return access == "path" ? "" : access;
}

/// The one line of a `--once` watch that is about this descriptor.
std::string line_of(const FdMaker& maker, const std::vector<std::string>& options,
                    const std::string& piece) {
    std::vector<std::string> more{"--once"};
    more.insert(more.end(), options.begin(), options.end());
    const Outcome outcome = outcome_of(watch_arguments(maker, more));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.errors, "");
    for (const std::string& line : outcome.lines)
        if (line.find(piece) != std::string::npos) return line;
    return "no line with " + piece;
}

/// The records of a `--once` watch, without their times.
Lines records_of(const FdMaker& maker, std::vector<std::string> options) {
    options.emplace_back("--once");
    return plain(outcome_of(watch_arguments(maker, std::move(options))).lines);
}

void expect_shown(const FdMaker& maker, int fd, const Kind& kind) {
    const std::string number = std::to_string(fd);
    const std::string line = line_of(maker, {"-j"}, "\"fd\":" + number + ",");
    const JsonRecord record(line);
    EXPECT_EQ(record["event"], "open");
    EXPECT_EQ(record["initial"], "true");
    EXPECT_EQ(record["type"], kind.type);
    EXPECT_THAT(record["access"], MatchesRegex(kind.access));
    EXPECT_THAT(record["name"], MatchesRegex(with_made_files(kind.name)));
    EXPECT_THAT(line, ContainsRegex(*kind.json != '\0' ? kind.json : "."));

    const std::string column = ' ' + number + letter_of(record["access"]) + ' ';
    EXPECT_THAT(
        without_time(line_of(maker, {"-l"}, column)),
        MatchesRegex("open [^ ]+\\[[0-9]+\\]" + column + with_made_files(kind.name) + kind.detail));
    // Brief records ask for less, and so do choices by type.
    const std::string brief = "open " + with_made_files(kind.name) + kind.detail;
    EXPECT_THAT(records_of(maker, {}), Contains(MatchesRegex(brief)));
    EXPECT_THAT(records_of(maker, {"-t", kind.type}), Contains(MatchesRegex(brief)));
}

std::vector<int> make(FdMaker& maker, const Kind& kind) {
    std::string command = with_made_files(kind.command);
    if (const auto at = command.find('%'); at != std::string::npos)
        command.replace(at, 1, maker.pid_text());
    return maker.numbers(command);
}

class Types : public testing::TestWithParam<Kind> {};

TEST_P(Types, AreShownInTextAndJson) {
    FdMaker maker;
    int fd = -1;
    try {
        fd = make(maker, GetParam()).at(0);
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << "this kernel or user cannot make it: " << error.what();
    }
    expect_shown(maker, fd, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, Types, testing::ValuesIn(kKinds), as_identifier);

TEST(TypesOfNodes, FifoSymlinkAndPipeWriter) {
    const TempDir directory;
    FdMaker maker;
    const int fifo = maker.fd("mkfifo " + directory.path("fifo"));
    expect_shown(maker, fifo, {"", "fifo", "rw", ".*/fifo", "", "\"device\""});
    maker.ask("make-symlink nowhere " + directory.path("link"));
    const int link = maker.fd("symlink " + directory.path("link"));
    expect_shown(maker, link, {"", "symlink", "path", ".*/link", "", "\"flags\":.*nofollow"});
    const int writer = maker.numbers("pipe").at(1);
    expect_shown(maker, writer, {"", "pipe", "w", "pipe:\\[[0-9]+\\]", "", ""});
    const int append = maker.fd("open " + directory.path("log") + " w create append");
    expect_shown(maker, append, {"", "file", "w", ".*/log", "", "\"flags\":..append"});
}

TEST(TypesOfNodes, BlockDevice) {
    std::string device;
    for (const auto& entry : fs::directory_iterator("/dev"))
        if (entry.symlink_status().type() == fs::file_type::block) device = entry.path();
    if (device.empty()) GTEST_SKIP() << "there is no block device in /dev";
    FdMaker maker;
    const int fd = maker.fd("open " + device + " path");
    expect_shown(maker, fd, {"", "block", "path", device.c_str(), "", "\"inode\""});
}

TEST(TypesOfSockets, BothEndsOfAConnection) {
    for (const std::string address : {"127.0.0.1", "::1"}) {
        FdMaker maker;
        const auto listener = maker.numbers("tcp-listen " + address);
        const std::string port = std::to_string(listener.at(1));
        const auto client = maker.numbers("tcp-connect " + address + ' ' + port);
        const int server = maker.fd("tcp-accept " + std::to_string(listener.at(0)));
        const bool six = address == "::1";
        const char* type = six ? "tcp6" : "tcp";
        const std::string host = six ? " tcp6 \\[::1\\]:" : " tcp 127\\.0\\.0\\.1:";
        expect_shown(maker, client.at(0),
                     {"", type, "rw", kSocket, (host + port + " -").c_str(),
                      "\"state\":\"established\".*\"remote_port\":"});
        expect_shown(maker, server,
                     {"", type, "rw", kSocket, (host + std::to_string(client.at(1)) + " -").c_str(),
                      "\"state\":\"established\""});
    }
}

TEST(TypesOfSockets, AMappedPeerIsShownDotted) {
    FdMaker maker;
    const auto listener = maker.numbers("tcp-listen 127.0.0.1");
    const std::string port = std::to_string(listener.at(1));
    const int fd = maker.fd("tcp-connect ::ffff:127.0.0.1 " + port);
    expect_shown(maker, fd,
                 {"", "tcp6", "rw", kSocket, (" tcp6 127\\.0\\.0\\.1:" + port + " -").c_str(), ""});
}

TEST(TypesOfSockets, UnixPathWithASpace) {
    const TempDir directory;
    FdMaker maker;
    const std::string path = directory.path("a b");
    const int listener = maker.fd("unix-listen " + as_word(path));
    const std::string detail = " unix " + path;
    expect_shown(maker, listener, {"", "unix", "rw", kSocket, detail.c_str(), "\"path\":"});
    maker.fd("unix-connect " + as_word(path));
    const int accepted = maker.fd("accept " + std::to_string(listener));
    expect_shown(maker, accepted, {"", "unix", "rw", kSocket, detail.c_str(), "\"path\":"});
}

/// The helper cannot bind one; this test process serves as well.
TEST(TypesOfSockets, ABoundNetlinkSocketTellsItsProtocol) {
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    ASSERT_TRUE(socket);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const Outcome outcome = outcome_of({"-n", "-j", "--once", std::to_string(getpid())});
    const std::string piece = "\"fd\":" + std::to_string(socket.get()) + ",";
    for (const std::string& line : outcome.lines)
        if (line.find(piece) != std::string::npos) {
            EXPECT_EQ(JsonRecord(line)["type"], "netlink");
            EXPECT_EQ(JsonRecord(line)["protocol"], "route");
            return;
        }
    FAIL() << "it is not shown; " << outcome.errors;
}

/// A descriptor that is opened under the watch has the same type as one that was there before, and
/// its close too.
TEST(TypesUnderTheWatch, EachOpensAndCloses) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 2);
    for (const Kind& kind : kKinds) {
        std::vector<int> made;
        try {
            made = make(maker, kind);
        } catch (const FdMakerError&) {
            continue;  // told by the test of that type
        }
        const JsonRecord open = records.next("open", made.at(0));
        EXPECT_EQ(open["type"], kind.type) << kind.command;
        EXPECT_THAT(open["name"], MatchesRegex(with_made_files(kind.name)));
        EXPECT_FALSE(open.has("initial"));
        maker.ask("close " + std::to_string(made.at(0)));
        const JsonRecord close = records.next("close", made.at(0));
        EXPECT_EQ(close["type"], kind.type) << kind.command;
        EXPECT_EQ(close["name"], open["name"]);
        EXPECT_EQ(close["opened"], open["time"]);
        EXPECT_TRUE(close.has("held_ms"));
    }
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_EQ(run.errors(), "");
}

}  // namespace
}  // namespace logfia::test
