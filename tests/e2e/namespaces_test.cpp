// Processes in namespaces of their own, seen from outside, and logfia in one that looks out.

#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace logfia::test {
namespace {

using testing::ContainsRegex;

/// unshare(1) with a user namespace where we need one to be allowed the others.
std::string unshare_command(const std::string& options) {
    return std::string("exec unshare ") + (geteuid() == 0 ? "" : "--map-root-user ") + options +
           ' ';
}

/// A helper in namespaces of its own.
class Unshared {
  public:
    explicit Unshared(const std::string& options) {
        const std::string script = directory_.file(
            "run", "#!/bin/sh\n" + unshare_command(options) + FdMaker::default_program() + '\n');
        chmod(script.c_str(), 0700);
        try {
            maker.emplace(script, ChildOptions{});
        } catch (const std::runtime_error& error) {
            refusal = error.what();
        }
    }

    /// The error message of unshare(1), if it is not permitted.
    std::string refusal;
    std::optional<FdMaker> maker;

  private:
    TempDir directory_;
};

std::string only_child_of(pid_t pid) {
    const std::string task = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid);
    std::ifstream children(task + "/children");
    std::string child;
    children >> child;
    return child;
}

/// The helper is the first process of its namespace, where its own procfs calls it 1.
TEST(PidNamespace, WatchedThroughItsOwnProc) {
    Unshared inner("--pid --fork --mount-proc");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    const std::string outside_pid = only_child_of(inner.maker->pid());
    ASSERT_NE(outside_pid, "");
    LogfiaRun run({"-n", "-j", "-d", "5", "--proc", "/proc/" + outside_pid + "/root/proc", "1"});
    RecordStream records(run);
    const JsonRecord initial = records.next("open", 2);
    EXPECT_EQ(initial["pid"], "1");
    EXPECT_EQ(initial["initial"], "true");
    const int fd = inner.maker->fd("open " + made_file("passwd"));
    EXPECT_EQ(records.next("open", fd)["name"], made_file("passwd"));
    const auto listener = inner.maker->numbers("tcp-listen");
    EXPECT_EQ(records.next("open", listener.at(0))["local_port"], std::to_string(listener.at(1)));
    inner.maker->ask("close " + std::to_string(fd));
    records.next("close", fd);
    inner.maker->ask("exit");
    EXPECT_EQ(run.finish(), 0) << run.errors();
    EXPECT_EQ(only(json_records(run), "close").size(), 5U);
}

TEST(PidNamespace, WatchedFromOutsideByItsOutsidePid) {
    Unshared inner("--pid --fork --mount-proc");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    const std::string outside_pid = only_child_of(inner.maker->pid());
    LogfiaRun run({"-n", "-j", "-d", "5", outside_pid});
    RecordStream records(run);
    EXPECT_EQ(records.next("open", 2)["pid"], outside_pid);
    inner.maker->ask("exit");
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(only(json_records(run), "close").size(), 3U);
}

/// LeakSanitizer looks for its own threads in /proc, where others have their numbers.
std::string command_of_logfia(const FdMaker& watched) {
    return "env ASAN_OPTIONS=detect_leaks=0 " + LogfiaRun::program() + " -n -j -d 5 " +
           watched.pid_text();
}

/// A container with the host's procfs, as monitoring has it: the PIDs there are not the
/// container's. Returns the next record that is not `lost`, which a busy machine may cause at any
/// time.
std::optional<JsonRecord> next_record(Child& logfia) {
    while (const auto line = logfia.read_line())
        if (JsonRecord record(*line); record["event"] != "lost") return record;
    return std::nullopt;
}

TEST(PidNamespace, LookingOutThroughTheHostsProc) {
    if (geteuid() != 0)
        GTEST_SKIP() << "from a user namespace of its own nobody may look at processes outside";
    FdMaker maker;
    Child logfia({"/bin/sh", "-c", unshare_command("--pid --fork") + command_of_logfia(maker)});
    for (int i = 0; i < 3; ++i) {
        const auto record = next_record(logfia);
        if (!record) GTEST_SKIP() << "no namespaces here: " << logfia.errors();
        EXPECT_EQ((*record)["pid"], maker.pid_text());
    }
    maker.ask("open " + made_file("passwd"));
    const auto open = next_record(logfia);
    ASSERT_TRUE(open);
    EXPECT_EQ(open->summary(), "open 3 " + made_file("passwd"));
    maker.end();
    EXPECT_EQ(logfia.wait(), 0);
    EXPECT_EQ(logfia.errors(), "");
}

/// An epoll that its owner keeps locked blocks the thread that asks about it; the host's procfs
/// shows that thread under another number than the thread itself knows.
TEST(PidNamespace, AStalledEpollDoesNotHoldUpTheLookOut) {
    if (geteuid() != 0)
        GTEST_SKIP() << "from a user namespace of its own nobody may look at processes outside";
    FdMaker maker;
    const auto pipe = maker.numbers("pipe");
    const int epoll = maker.fd(fmt::format("epoll {}", pipe.at(0)));
    maker.ask(fmt::format("write {} 1", pipe.at(1)));
    try {
        maker.fd(fmt::format("epoll-to-nowhere {}", epoll));
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << error.what();
    }
    Child logfia(
        {"/bin/sh", "-c", unshare_command("--pid --fork --kill-child") + command_of_logfia(maker)});
    std::optional<JsonRecord> record = next_record(logfia);
    if (!record && logfia.errors().starts_with("unshare:"))
        GTEST_SKIP() << "no namespaces here: " << logfia.errors();
    while (record && (*record)["fd"] != std::to_string(epoll)) record = next_record(logfia);
    EXPECT_TRUE(record) << "the epoll is told without its targets";
    maker.child().signal(SIGKILL);
    EXPECT_EQ(logfia.wait(), 0);
}

/// hidepid 1: a user sees that other users' processes exist, but nothing of them; 2: not even that;
/// 4: as 2, where permission to ptrace counts (since Linux 5.8).
class HiddenProcesses : public testing::TestWithParam<const char*> {};

TEST_P(HiddenProcesses, AreSaidToBeHidden) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can mount a procfs with hidepid";
    const TempDir directory;
    directory.open_to_all();
    const std::string copy = directory.path("logfia");
    std::filesystem::copy_file(LogfiaRun::program(), copy);
    FdMaker maker;
    Child logfia({"/bin/sh", "-c",
                  std::string("exec unshare --mount sh -c '") +
                      "mount -t proc -o hidepid=" + GetParam() + " proc /proc || exit 99; " +
                      "exec setpriv --reuid=65534 --regid=65534 --clear-groups " + copy + " -n " +
                      maker.pid_text() + "'"});
    const auto status = logfia.wait();
    if (status == 99 || logfia.errors().starts_with("unshare:"))
        GTEST_SKIP() << "no mounts here: " << logfia.errors();
    EXPECT_EQ(status, 1);
    EXPECT_THAT(logfia.errors(),
                ContainsRegex("^logfia: [^\n]*" + maker.pid_text() + "[^\n]*hidepid[^\n]*root"));
}

INSTANTIATE_TEST_SUITE_P(Hidepid, HiddenProcesses, testing::Values("1", "2", "4"));

/// A namespace whose first process is root's, and which has no other process.
TEST(PidNamespace, OneProcessThatMayNotBeLookedIntoIsOne) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can be somebody else than who looks";
    const TempDir directory;
    directory.open_to_all();
    const std::string copy = directory.path("logfia");
    std::filesystem::copy_file(LogfiaRun::program(), copy);
    Child logfia({"/bin/sh", "-c",
                  "unshare --pid --fork --mount-proc sh -c '"
                  "setpriv --reuid=65534 --regid=65534 --clear-groups " +
                      copy + " -n -a --once; exit $?'"});
    logfia.wait();
    if (logfia.errors().starts_with("unshare:"))
        GTEST_SKIP() << "no namespaces here: " << logfia.errors();
    EXPECT_THAT(logfia.errors(), ContainsRegex("logfia: 1 process may not be looked into and is "
                                               "left out: run logfia as root"));
}

TEST(NetworkNamespace, ItsSocketsAreLookedUpThere) {
    Unshared inner("--net");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    FdMaker& maker = *inner.maker;
    FdMaker outside;
    const auto tcp = maker.numbers("tcp-listen 0.0.0.0");
    const auto udp = maker.numbers("udp-bind 0.0.0.0");
    const int abstract = maker.fd("unix-listen @logfia-netns");
    const int other = outside.fd("tcp-listen");
    // Two networks in one look.
    LogfiaRun run({"-n", "-j", "-d", "5", maker.pid_text(), outside.pid_text()});
    ASSERT_TRUE(run.wait_for_count(6 + 4)) << run.errors();
    const auto of = [&](const FdMaker& whose, int fd) {
        return RecordStream(run).next([&](const JsonRecord& record) {
            return record["pid"] == whose.pid_text() && record["fd"] == std::to_string(fd);
        });
    };
    EXPECT_EQ(of(maker, tcp.at(0))["local_port"], std::to_string(tcp.at(1)));
    EXPECT_EQ(of(maker, udp.at(0))["local_port"], std::to_string(udp.at(1)));
    EXPECT_EQ(of(maker, abstract)["path"], "@logfia-netns");
    EXPECT_EQ(of(outside, other)["state"], "listen");
    const int late = maker.fd("tcp-listen 0.0.0.0");
    // A look may fall between its socket(2) and its listen(2).
    RecordStream(run).next([&](const JsonRecord& record) {
        return record["pid"] == maker.pid_text() && record["fd"] == std::to_string(late) &&
               record["state"] == "listen";
    });
    EXPECT_EQ(run.interrupt(), 0);
}

/// The record that is to be told of a descriptor of the helper.
struct Shown {
    int fd;
    std::string detail;  ///< a regular expression: what follows the name
};

void expect_shown(const Outcome& outcome, const Shown& one) {
    const std::string line = fmt::format(" {}u socket:.[0-9]+. {}$", one.fd, one.detail);
    EXPECT_THAT(outcome.lines, testing::Contains(ContainsRegex(line)));
}

std::string with_zone(const std::string& address) {
    return address + "%lo";
}

/// Sockets of each family, in a network where everything is its own.
std::vector<Shown> make_sockets(FdMaker& maker) {
    maker.ask("link-up lo");
    maker.ask("add-address6 lo fe80::7");
    const auto listener = maker.numbers("tcp-listen");
    const std::string port = std::to_string(listener.at(1));
    const auto six = maker.numbers("tcp-listen ::1");
    const int netlink = maker.fd("netlink generic");
    maker.ask("netlink-bind " + std::to_string(netlink) + " 4711");
    const int packet = maker.fd("packet");
    maker.ask("packet-bind " + std::to_string(packet) + " lo");
    return {{listener.at(0), "tcp 127\\.0\\.0\\.1:" + port + " LISTEN"},
            {maker.fd("tcp-connect 127.0.0.1 " + port), "tcp 127\\.0\\.0\\.1:" + port + " -"},
            {maker.fd("accept " + std::to_string(listener.at(0))), "tcp 127.0.0.1:[0-9]+ -"},
            {six.at(0), "tcp6 .::1.:" + std::to_string(six.at(1)) + " LISTEN"},
            {maker.fd("udp-connect 127.0.0.1 9"), "udp 127\\.0\\.0\\.1:9 -"},
            {maker.fd("udp-bind " + with_zone("fe80::7")), "udp6 .fe80::7%lo.:[0-9]+ BOUND"},
            {maker.fd("unix-listen @logfia-netns-sockets"), "unix @logfia-netns-sockets"},
            {netlink, "netlink generic 4711"},
            {packet, "packet 0x0003 lo"}};
}

/// By root, and by an ordinary user for a process of theirs in a user namespace.
TEST(NetworkNamespace, EachFamilyIsShownRight) {
    Unshared inner("--net");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    const auto sockets = make_sockets(*inner.maker);
    const Outcome outcome = outcome_of(watch_arguments(*inner.maker, {"--once", "-l"}));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    for (const Shown& one : sockets) expect_shown(outcome, one);
}

/// A group on a link is no address without its interface, which the tables do not tell; but an
/// address of a link does.
TEST(NetworkNamespace, AGroupOnALinkHasItsInterface) {
    Unshared inner("--net");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    FdMaker& maker = *inner.maker;
    maker.ask("link-up lo");
    maker.ask("add-address6 lo fe80::7");
    maker.ask("add-address6 lo fd00::7");
    maker.ask("add-route6 lo ff00:: 8");
    const int global = maker.fd("udp 6");
    maker.ask(fmt::format("bind {} fd00::7", global));
    maker.ask(fmt::format("connect {} ff02::9%lo 0", global));
    const std::vector<Shown> sockets = {
        {maker.fd("udp-connect ff02::1%lo 5353"), "udp6 .ff02::1%lo.:5353 -"},
        {maker.fd("udp-connect ff01::1%lo 5353"), "udp6 .ff01::1%lo.:5353 -"},
        {maker.fd("udp-connect ff02::1%lo 0"), "udp6 .ff02::1%lo.:0 -"},
        {maker.fd("udp-connect fe80::7%lo 0"), "udp6 .fe80::7%lo.:0 -"},
        {global, "udp6 .ff02::9%lo.:0 -"},
    };
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--once", "-l"}));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    for (const Shown& one : sockets) expect_shown(outcome, one);
    const Outcome tables = outcome_of(watch_arguments(maker, {"--once", "-l", "--no-dup"}));
    for (std::size_t i = 0; i + 1 < sockets.size(); ++i) expect_shown(tables, sockets[i]);
    expect_shown(tables, {global, "udp6 .ff02::9.:0 -"});
    const Outcome json = outcome_of(watch_arguments(maker, {"--once", "-j"}));
    EXPECT_THAT(
        json.lines,
        testing::Contains(ContainsRegex("\"remote_address\":\"ff02::1%lo\",\"remote_port\":5353")));
}

/// Anybody may give an interface any name in a network of their own.
TEST(NetworkNamespace, AnInterfacesNameReachesNoTerminalRaw) {
    Unshared inner("--net");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    FdMaker& maker = *inner.maker;
    const std::string name = "a\\x1b[31m\\xff";
    maker.ask("link-name lo " + name);
    maker.ask("link-up " + name);
    maker.ask("add-address6 " + name + " fe80::7");
    maker.ask("tcp-listen fe80::7%" + name);
    const int packet = maker.fd("packet");
    maker.ask("packet-bind " + std::to_string(packet) + " " + name);
    for (const char* options : {"-l", "-j", "-c"}) {
        const Outcome outcome = outcome_of(watch_arguments(maker, {"--once", options}));
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        for (const std::string& line : outcome.lines) {
            EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
            EXPECT_EQ(line.find('\xff'), std::string::npos) << line;
        }
    }
}

/// A ping socket needs a group that is in net.ipv4.ping_group_range, which here is ours to set.
TEST(NetworkNamespace, APingSocketIsToldApart) {
    Unshared inner("--net");
    if (!inner.maker) GTEST_SKIP() << "no namespaces here: " << inner.refusal;
    const int range = inner.maker->fd("open /proc/sys/net/ipv4/ping_group_range w");
    try {
        inner.maker->ask("write-text " + std::to_string(range) + " 0\\x200");
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << "the groups may not be set here: " << error.what();
    }
    const int four = inner.maker->fd("icmp");
    const int six = inner.maker->fd("icmp 6");
    const Outcome outcome = outcome_of(watch_arguments(*inner.maker, {"--once", "-l"}));
    for (const Shown& one : {Shown{four, "icmp - UNCONNECTED"}, Shown{six, "icmp6 - UNCONNECTED"}})
        expect_shown(outcome, one);
}

}  // namespace
}  // namespace logfia::test
