// Exact: what is told of a descriptor besides its name.

#include "support/exact.hpp"
#include "support/fd_truth.hpp"
#include "support/made_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace logfia::test {
namespace {

using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class ExactDetails : public ExactTest {};

TEST_F(ExactDetails, AccessAndFlagsOfFiles) {
    ExactMaker exact;
    const int read = exact.maker().fd("open " + made_file("passwd") + " r cloexec");
    const JsonRecord first = exact.next("open", read);
    EXPECT_EQ(first["name"], made_file("passwd"));
    EXPECT_EQ(first["access"], "r");
    EXPECT_THAT(first["flags"], HasSubstr("cloexec"));
    EXPECT_EQ(first["type"], "file");
    EXPECT_TRUE(first.has("inode"));
    const TempDir directory;
    const int write =
        exact.maker().fd("open " + directory.path("new") + " rw create append nonblock");
    const JsonRecord second = exact.next("open", write);
    EXPECT_EQ(second["access"], "rw");
    EXPECT_THAT(second["flags"], HasSubstr("append"));
    EXPECT_THAT(second["flags"], HasSubstr("nonblock"));
    EXPECT_EQ(exact.next("open", exact.maker().fd("open /tmp path"))["access"], "path");
    EXPECT_EQ(exact.next("open", exact.maker().fd("open / dir"))["type"], "directory");
    EXPECT_EQ(exact.end(), 0);
}

/// The kernel tells no link of more than a page (ENAMETOOLONG, readlink(2)).
TEST_F(ExactDetails, AFileOfTooLongAPathIsToldAllTheSame) {
    const TempDir directory;
    const std::string name(200, 'd');
    UniqueFd deepest(open(directory.path().c_str(), O_PATH | O_CLOEXEC));
    for (int depth = 0; depth < 25; ++depth) {
        ASSERT_EQ(mkdirat(deepest.get(), name.c_str(), 0700), 0);
        deepest.reset(openat(deepest.get(), name.c_str(), O_PATH | O_CLOEXEC));
    }
    const std::string path =
        "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(deepest.get()) + "/file";
    ExactMaker exact;
    const int fd = exact.maker().fd("open " + path + " rw create");
    EXPECT_EQ(exact.next("open", fd)["name"], "?");
    exact.maker().ask("close " + std::to_string(fd));
    exact.next("close", fd);
    EXPECT_EQ(exact.end(), 0);
    EXPECT_EQ(only(exact.file().all(), "lost").size(), 1U);
}

/// Four threads at once: what a call was given says nothing of what another thread's call made.
TEST_F(ExactDetails, TypesOfSocketsAreTheirOwn) {
    const Outcome outcome = outcome_of(words({"-j", "-e", "open", "--no-initial", "-t", "socket"},
                                             truth_command("threads-differ", 200)));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    std::map<std::string, int> types;
    for (const std::string& line : outcome.lines) ++types[JsonRecord(line)["type"]];
    EXPECT_THAT(types, testing::ElementsAre(testing::Pair("udp", 200), testing::Pair("unix", 400)));
}

/// Here the arguments of the call are all that is read.
TEST_F(ExactDetails, AccessInTextIsThatOfTheFilesOwnCall) {
    for (const char* mode : {"threads-differ", "threads-in-turn"}) {
        const Outcome outcome =
            outcome_of(words({"-l", "-i", directory_.path("f0*")}, truth_command(mode, 100)));
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        const char access[] = {'r', 'w', 'u'};
        for (const std::string& line : outcome.lines) {
            const auto kind = static_cast<std::size_t>(line.at(line.rfind("/f0") + 3) - '0');
            EXPECT_EQ(fields(line).at(3).back(), access[kind]) << mode << ": " << line;
        }
        EXPECT_GE(outcome.lines.size(), 400U);
        std::filesystem::remove(truth_path());
    }
}

TEST_F(ExactDetails, TypesOfOthers) {
    const std::pair<const char*, const char*> objects[] = {
        {"pipe", "pipe"},
        {"eventfd", "eventfd"},
        {"epoll", "epoll"},
        {"timerfd", "timerfd"},
        {"inotify", "inotify"},
        {"memfd something", "memfd"},
        {"socketpair", "unix"},
        {"tcp-socket", "tcp"},
        {"tcp-socket 6", "tcp6"},
        {"udp", "udp"},
        {"signalfd", "signalfd"},
        {"open /dev/null", "char"},
        {"netlink route", "netlink"},
    };
    ExactMaker exact;
    for (const auto& [command, type] : objects) {
        const int fd = exact.maker().fd(command);
        EXPECT_EQ(exact.next("open", fd)["type"], type) << command;
    }
    EXPECT_EQ(exact.end(), 0);
}

/// Asked at the call, not at an interval: however soon it is closed.
TEST_F(ExactDetails, ConnectionsHaveTheirPeers) {
    ExactMaker exact;
    FdMaker& maker = exact.maker();
    const auto listener = maker.numbers("tcp-listen 127.0.0.1");
    const std::string port = std::to_string(listener.at(1));
    const auto client = maker.numbers("tcp-connect 127.0.0.1 " + port);
    const auto server = maker.numbers("tcp-accept " + std::to_string(listener.at(0)));
    EXPECT_EQ(maker.end(), 0);
    const JsonRecord listens = exact.next("listen", listener.at(0));
    EXPECT_EQ(listens["state"], "listen");
    EXPECT_EQ(listens["local_port"], port);
    EXPECT_EQ(exact.next("open", client.at(0))["type"], "tcp");
    const JsonRecord connects = exact.next("connect", client.at(0));
    EXPECT_EQ(connects["remote_address"], "127.0.0.1");
    EXPECT_EQ(connects["remote_port"], port);
    EXPECT_EQ(connects["local_port"], std::to_string(client.at(1)));
    const JsonRecord accepted = exact.next("open", server.at(0));
    EXPECT_EQ(accepted["state"], "established");
    EXPECT_EQ(accepted["remote_port"], std::to_string(client.at(1)));
    EXPECT_EQ(exact.next("close", client.at(0))["remote_port"], port);
    EXPECT_EQ(exact.next("close", listener.at(0))["local_port"], port);
}

TEST_F(ExactDetails, AConnectThatGoesOnIsAskedAgain) {
    ExactMaker exact;
    FdMaker& maker = exact.maker();
    const auto listener = maker.numbers("tcp-listen 127.0.0.1");
    const std::string port = std::to_string(listener.at(1));
    const int client = maker.fd("tcp-connect 127.0.0.1 " + port + " nonblock");
    const JsonRecord connects = exact.next("connect", client);
    EXPECT_EQ(connects["remote_address"], "127.0.0.1");
    EXPECT_EQ(connects["remote_port"], port);
    EXPECT_EQ(exact.end(), 0);
    EXPECT_EQ(exact.next("close", client)["remote_port"], port);
}

TEST_F(ExactDetails, DatagramsHaveTheirPeers) {
    ExactMaker exact;
    const int fd = exact.maker().fd("udp-connect 127.0.0.1 9");
    const int bound = exact.maker().fd("udp-bind 127.0.0.1");
    EXPECT_EQ(exact.end(), 0);
    EXPECT_EQ(exact.next("open", fd)["type"], "udp");
    const JsonRecord connects = exact.next("connect", fd);
    EXPECT_EQ(connects["remote_address"], "127.0.0.1");
    EXPECT_EQ(connects["remote_port"], "9");
    EXPECT_TRUE(exact.next("close", bound).has("local_port"));
}

TEST_F(ExactDetails, UnixSocketsHaveTheirPaths) {
    const TempDir directory;
    ExactMaker exact;
    FdMaker& maker = exact.maker();
    const std::string path = directory.path("socket");
    const int listener = maker.fd("unix-listen " + path);
    const int client = maker.fd("unix-connect " + path);
    const int server = maker.fd("accept " + std::to_string(listener));
    EXPECT_EQ(maker.end(), 0);
    EXPECT_EQ(exact.next("listen", listener)["path"], path);
    const JsonRecord connects = exact.next("connect", client);
    EXPECT_EQ(connects["type"], "unix");
    EXPECT_EQ(connects["peer_path"], path);
    EXPECT_EQ(exact.next("open", server)["path"], path);
}

TEST_F(ExactDetails, ClosedConnectionsHaveTheirTotals) {
    ExactMaker exact({"-l"});
    FdMaker& maker = exact.maker();
    const auto listener = maker.numbers("tcp-listen 127.0.0.1");
    const int client = maker.fd("tcp-connect 127.0.0.1 " + std::to_string(listener.at(1)));
    const int server = maker.fd("tcp-accept " + std::to_string(listener.at(0)));
    maker.ask("send " + std::to_string(client) + " 1000");
    maker.ask("receive " + std::to_string(server) + " 1000");
    maker.ask("close " + std::to_string(client));
    EXPECT_EQ(maker.end(), 0);
    const Lines lines = exact.file().lines();
    const std::string start = " close fd_maker\\[[0-9]+\\] ";
    const std::string totals = "u socket:\\[[0-9]+\\] tcp 127\\.0\\.0\\.1:.* ";
    EXPECT_THAT(lines, testing::Contains(ContainsRegex(start + std::to_string(client) + totals +
                                                       "sent=1000 received=0 ")));
    EXPECT_THAT(lines, testing::Contains(ContainsRegex(start + std::to_string(server) + totals +
                                                       "sent=0 received=1000 ")));
}

}  // namespace
}  // namespace logfia::test
