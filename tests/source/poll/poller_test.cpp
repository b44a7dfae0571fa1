#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeFdInfo;
using test::FakeProc;
using test::fd_of;
using test::KeptEvents;
using test::Lines;
using test::loss_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::uint64_t inode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_ino;
}

std::string line_of(const Event& event) {
    const std::string front = fmt::format("{} {}", event.actor.pid, to_string(event.kind));
    if (event.kind == EventKind::lost) return fmt::format("{} {}", front, loss_of(event).reason);
    const Descriptor& descriptor = fd_of(event).descriptor;
    return fmt::format("{} {} {}", front, descriptor.fd, descriptor.name);
}

/// A watch of a tree that the test builds, on a calendar that the test writes.
class PollerTest : public ::testing::Test {
  protected:
    void watch(std::vector<pid_t> pids) {
        auto root = ProcRoot::open(proc_.path());
        ASSERT_TRUE(root);
        opened_ = open_processes(*root, pids, DescriptorBudget(pids.size()));
        poller_ = std::make_unique<Poller>(std::move(*root), options_, numbers_);
        for (auto& process : opened_.processes) poller_->processes().add(std::move(process));
    }
    void add(pid_t pid) {
        const std::vector<pid_t> pids{pid};
        auto opened = open_processes(poller_->root(), pids, DescriptorBudget(1));
        for (auto& process : opened.processes) poller_->processes().add(std::move(process));
    }
    Lines look(Duration step = milliseconds(100)) {
        now_.wall += std::chrono::duration_cast<std::chrono::microseconds>(step);
        now_.steady += step;
        seen_.clear();
        poller_->look(now_, seen_);
        return seen_.lines;
    }

    FakeProc proc_;
    PollerOptions options_{.interval = milliseconds(100)};
    OpenedProcesses opened_;
    Numbers numbers_;
    std::unique_ptr<Poller> poller_;
    KeptEvents seen_{line_of};
    Now now_{WallTime(seconds(1'500'000'000)), SteadyTime(seconds(1000))};
};

TEST_F(PollerTest, OpensClosesAndTheEnd) {
    proc_.add_process(42, "worker");
    proc_.open(42, 0, "/dev/null");
    proc_.open(42, 3, "pipe:[77]");
    watch({42});
    EXPECT_THAT(look(), ElementsAre("42 open 0 /dev/null", "42 open 3 pipe:[77]"));
    EXPECT_TRUE(fd_of(seen_.events[0]).initial);
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.type, FdType::pipe);
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.inode, 77U);
    EXPECT_THAT(look(), IsEmpty());

    proc_.open(42, 4, "/a", {.pos = 5, .flags = 02102001});
    EXPECT_THAT(look(), ElementsAre("42 open 4 /a"));
    EXPECT_FALSE(fd_of(seen_.events[0]).initial);
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.access, Access::write);
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.pos, 5);
    EXPECT_EQ(seen_.events[0].actor.comm, "worker");

    proc_.close(42, 4);
    EXPECT_THAT(look(), ElementsAre("42 close 4 /a"));
    EXPECT_EQ(fd_of(seen_.events[0]).held, milliseconds(100));

    proc_.end(42);
    EXPECT_THAT(look(), ElementsAre("42 close 0 /dev/null", "42 close 3 pipe:[77]"));
    EXPECT_EQ(fd_of(seen_.events[0]).held, std::nullopt);
    EXPECT_EQ(poller_->processes().watched(), 0U);
    EXPECT_THAT(look(), IsEmpty());
}

TEST_F(PollerTest, ANumberOnAnotherFileIsACloseAndThenAnOpen) {
    proc_.add_process(42, "worker");
    proc_.open(42, 3, "/a");
    proc_.open(42, 4, "/b");
    watch({42});
    look();
    proc_.retarget(42, 3, "/c", FakeFdInfo{});
    proc_.retarget(42, 4, "/d", FakeFdInfo{});
    EXPECT_THAT(look(),
                ElementsAre("42 close 3 /a", "42 close 4 /b", "42 open 3 /c", "42 open 4 /d"));
    EXPECT_THAT(look(), IsEmpty());
}

TEST_F(PollerTest, TheSameFileUnderAnotherNameIsARename) {
    const test::TempDir files;  // real ones, since their handles are asked for
    const std::string a = files.file("a");
    const std::string b = files.path("b");
    proc_.add_process(42, "worker");
    proc_.open(42, 3, a, {.inode = inode_of(a)});
    watch({42});
    look();
    std::filesystem::rename(a, b);
    proc_.retarget(42, 3, b);
    EXPECT_THAT(look(), ElementsAre("42 rename 3 " + b));
    EXPECT_EQ(fd_of(seen_.events[0]).old_name, a);
    proc_.retarget(42, 3, b + " (deleted)");
    EXPECT_THAT(look(), ElementsAre("42 rename 3 " + b + " (deleted)"));
    proc_.close(42, 3);
    EXPECT_THAT(look(), ElementsAre("42 close 3 " + b + " (deleted)"));
}

TEST_F(PollerTest, TheSameInodeIsARenameOnAnyFilesystem) {
    proc_.add_process(42, "worker");
    proc_.mountinfo(42, "28 1 0:40 / / rw - overlay overlay rw\n");
    proc_.open(42, 3, "/tmp/first", {.inode = 9});
    proc_.open(42, 4, "anon_inode:[eventfd]", {.inode = 7});
    watch({42});
    look();
    proc_.retarget(42, 3, "/tmp/second");
    proc_.retarget(42, 4, "anon_inode:[eventpoll]");
    EXPECT_THAT(look(), ElementsAre("42 close 4 anon_inode:[eventfd]",
                                    "42 open 4 anon_inode:[eventpoll]", "42 rename 3 /tmp/second"));
    proc_.retarget(42, 3, "/tmp/second (deleted)");
    EXPECT_THAT(look(), ElementsAre("42 rename 3 /tmp/second (deleted)"));
}

TEST_F(PollerTest, TheSameInodeOnAnotherMountIsAnotherFile) {
    proc_.add_process(42, "worker");
    proc_.open(42, 3, "/a", {.inode = 9});
    watch({42});
    look();
    proc_.retarget(42, 3, "/b", {.mount = 29, .inode = 9});
    EXPECT_THAT(look(), ElementsAre("42 close 3 /a", "42 open 3 /b"));
}

TEST_F(PollerTest, ClosesComeBeforeOpensOfAllProcesses) {
    proc_.add_process(7, "b");
    proc_.add_process(5, "a");
    proc_.open(7, 3, "/x");
    proc_.open(5, 3, "/y");
    watch({7, 5});
    EXPECT_THAT(look(), ElementsAre("5 open 3 /y", "7 open 3 /x"));
    proc_.open(5, 4, "/new");
    proc_.close(7, 3);
    proc_.open(7, 1, "/one");
    EXPECT_THAT(look(), ElementsAre("7 close 3 /x", "5 open 4 /new", "7 open 1 /one"));
    proc_.end(5);
    EXPECT_THAT(look(), ElementsAre("5 close 3 /y", "5 close 4 /new"));
    EXPECT_EQ(poller_->processes().watched(), 1U);
}

TEST_F(PollerTest, ARecycledPidIsNotTheSameProcess) {
    proc_.add_process(42, "old");
    proc_.open(42, 3, "/a");
    watch({42});
    look();
    proc_.end(42);
    proc_.add_process(42, "new");
    proc_.set_stat(42, {.start_time = 2000});
    proc_.open(42, 3, "/b");
    EXPECT_THAT(look(), ElementsAre("42 close 3 /a"));
    EXPECT_EQ(seen_.events[0].actor.comm, "old");
    EXPECT_EQ(poller_->processes().watched(), 0U);
}

/// Nothing reports the new name, and nothing else changes.
TEST_F(PollerTest, ANameIsReadAgainWithinASecond) {
    proc_.add_process(42, "before");
    proc_.open(42, 3, "/a");
    watch({42});
    look();
    proc_.set_comm(42, "after");
    for (int i = 0; i < 10; ++i) look();
    proc_.end(42);
    look();
    ASSERT_EQ(seen_.events.size(), 1U);
    EXPECT_EQ(seen_.events[0].actor.comm, "after");
}

TEST_F(PollerTest, TheCommandsNewNameIsTold) {
    proc_.add_process(42, "before");
    watch({42});
    look();
    proc_.set_comm(42, "after\nexec");
    proc_.open(42, 3, "/a");
    look();
    ASSERT_EQ(seen_.events.size(), 1U);
    EXPECT_EQ(seen_.events[0].actor.comm, "after\nexec");
}

TEST_F(PollerTest, AKernelThreadGetsANotice) {
    proc_.add_process(2, "kthreadd");
    proc_.set_stat(2, {.flags = 0x208040});
    watch({2});
    EXPECT_THAT(look(), IsEmpty());
    EXPECT_THAT(seen_.notices, ElementsAre(HasSubstr("kernel thread")));
    look();
    EXPECT_THAT(seen_.notices, IsEmpty());
}

constexpr const char* kTcpHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string tcp_row(const char* local, const char* remote, const char* state, int inode) {
    return fmt::format(
        "   0: {} {} {} 00000000:00000000 00:00000000 00000000  1000        0 {} 1 0 100 0 0 10 "
        "0\n",
        local, remote, state, inode);
}

class SocketsOfAPoller : public PollerTest {
  protected:
    std::uint64_t tables_read() { return poller_->sockets().tables().tables_read(); }
};

TEST_F(SocketsOfAPoller, OneReadingServesAllSocketsOfALook) {
    proc_.add_process(42, "client");
    proc_.add_process(43, "other");
    proc_.net_table(42, "tcp",
                    kTcpHead + tcp_row("0100007F:1F90", "0200007F:0050", "01", 1001) +
                        tcp_row("0100007F:1F91", "0200007F:0050", "08", 1002));
    proc_.net_table(43, "tcp", kTcpHead);
    proc_.open(42, 3, "socket:[1001]");
    proc_.open(42, 4, "socket:[1002]");
    proc_.open(43, 4, "socket:[1002]");
    watch({42, 43});
    look();
    ASSERT_EQ(seen_.events.size(), 3U);
    for (const auto& event : seen_.events) {
        EXPECT_EQ(fd_of(event).descriptor.type, FdType::tcp);
        ASSERT_NE(fd_of(event).descriptor.socket, nullptr);
        EXPECT_EQ(fd_of(event).descriptor.socket->remote->port, 80);
    }
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.socket->state, SocketState::close_wait);
    const auto read = tables_read();
    EXPECT_GE(read, 1U);
    for (int i = 0; i < 1000; ++i) EXPECT_THAT(look(), IsEmpty());
    EXPECT_EQ(tables_read(), read);
}

TEST_F(SocketsOfAPoller, ASingleLookMakesSureOfWhatItDoesNotFind) {
    proc_.add_process(42, "client");
    proc_.net_table(42, "tcp", kTcpHead + tcp_row("0100007F:1F90", "0200007F:0050", "01", 1001));
    proc_.open(42, 3, "socket:[1001]");
    options_.single_look = true;
    watch({42});
    look();
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.type, FdType::tcp);
    const auto found = tables_read();
    watch({42});
    proc_.open(42, 4, "socket:[1002]");
    look();
    EXPECT_EQ(tables_read(), 3 * found);
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.type, FdType::socket);
}

TEST_F(SocketsOfAPoller, AConnectIsToldAndThenNoTableIsReadAnyMore) {
    proc_.add_process(42, "client");
    proc_.net_table(42, "tcp", kTcpHead);
    proc_.open(42, 3, "socket:[1001]");
    watch({42});
    EXPECT_THAT(look(), ElementsAre("42 open 3 socket:[1001]"));
    proc_.net_table(42, "tcp", kTcpHead + tcp_row("0100007F:1F90", "0200007F:0050", "01", 1001));
    EXPECT_THAT(look(), ElementsAre("42 connect 3 socket:[1001]"));
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.type, FdType::tcp);
    const auto read = tables_read();
    for (int i = 0; i < 100; ++i) look(seconds(1));
    EXPECT_EQ(tables_read(), read);
    proc_.close(42, 3);
    look();
    ASSERT_EQ(seen_.events.size(), 1U);
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.socket->remote->port, 80);
}

TEST_F(SocketsOfAPoller, AListenIsTold) {
    proc_.add_process(42, "server");
    proc_.net_table(42, "tcp", kTcpHead);
    proc_.open(42, 3, "socket:[1001]");
    watch({42});
    look();
    proc_.net_table(42, "tcp", kTcpHead + tcp_row("00000000:1F90", "00000000:0000", "0A", 1001));
    EXPECT_THAT(look(), ElementsAre("42 listen 3 socket:[1001]"));
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.socket->local->port, 8080);
}

/// The tables of a child that has ended cannot be read.
TEST_F(SocketsOfAPoller, WhatCannotBeAskedIsDescribedAsAnotherKnowsIt) {
    proc_.add_process(42, "parent");
    proc_.net_table(42, "tcp", kTcpHead + tcp_row("0100007F:1F90", "00000000:0000", "0A", 1001));
    proc_.net_table(42, "udp", kTcpHead + tcp_row("00000000:1F90", "00000000:0000", "07", 1002));
    proc_.open(42, 3, "socket:[1001]");
    proc_.open(42, 4, "socket:[1002]");
    watch({42});
    look();
    const auto read = tables_read();
    proc_.add_process(43, "child");
    std::filesystem::remove(proc_.path() + "/43/ns/net");
    proc_.open(43, 3, "socket:[1001]");
    proc_.open(43, 7, "socket:[1002]");
    proc_.open(43, 8, "socket:[1003]");
    add(43);
    look(milliseconds(10));
    EXPECT_EQ(tables_read(), read);
    ASSERT_EQ(seen_.events.size(), 3U);
    const Descriptor& listener = fd_of(seen_.events[0]).descriptor;
    EXPECT_EQ(listener.type, FdType::tcp);
    ASSERT_NE(listener.socket, nullptr);
    EXPECT_EQ(listener.socket->state, SocketState::listen);
    EXPECT_FALSE(listener.socket->outdated);
    const Descriptor& datagrams = fd_of(seen_.events[1]).descriptor;
    EXPECT_EQ(datagrams.type, FdType::udp);
    ASSERT_NE(datagrams.socket, nullptr);
    EXPECT_TRUE(datagrams.socket->outdated) << "it may have connected since it was asked";
    EXPECT_EQ(fd_of(seen_.events[2]).descriptor.type, FdType::socket) << "nobody knows it";
}

/// Processes that began at different times wait for the same moments.
TEST_F(SocketsOfAPoller, OneReadingServesTheOpenQuestionsOfAllProcesses) {
    std::vector<pid_t> pids;
    for (int i = 0; i < 5; ++i) {
        pids.push_back(42 + i);
        proc_.add_process(pids.back(), "client");
        proc_.net_table(pids.back(), "tcp", kTcpHead);
    }
    watch(pids);
    for (const pid_t pid : pids) {
        proc_.open(pid, 3, fmt::format("socket:[{}]", 1000 + pid));
        look(milliseconds(130));
    }
    for (int i = 0; i < 20; ++i) look(milliseconds(100));
    const auto before = tables_read();
    for (int i = 0; i < 40; ++i) look(milliseconds(100));
    EXPECT_EQ(tables_read() - before, 10U) << "one in 400 ms";
}

TEST_F(SocketsOfAPoller, ASocketInNoTableIsAskedForWithGrowingPauses) {
    proc_.add_process(42, "client");
    proc_.net_table(42, "tcp", kTcpHead);
    proc_.open(42, 3, "socket:[1001]");
    watch({42});
    look();
    const auto each = tables_read();
    std::vector<int> asked;
    auto before = each;
    for (int i = 1; i <= 300; ++i) {
        look();
        if (tables_read() != before) asked.push_back(i);
        before = tables_read();
    }
    // The pauses are 100 ms, doubling up to 400 ms, so that a connection of a second is seen.
    ASSERT_GT(asked.size(), 70U);
    EXPECT_THAT(std::vector(asked.begin(), asked.begin() + 6), ElementsAre(1, 3, 7, 11, 15, 19));
    EXPECT_EQ(asked.back(), 299);
    proc_.close(42, 3);
    look();
    for (int i = 0; i < 100; ++i) look(seconds(1));
    EXPECT_EQ(tables_read(), before);
}

}  // namespace
}  // namespace logfia
