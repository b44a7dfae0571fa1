// Sockets of a real process, watched on a calendar that the test writes, asked directly and by
// tables.

#include "source/poll/watched_helper.hpp"
#include "support/event_parts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Way { copies, tables };

class Sockets : public ::testing::TestWithParam<Way>, public test::WatchedHelper {
  protected:
    void watch() { WatchedHelper::watch(GetParam() == Way::copies); }
};

TEST_P(Sockets, ManyThatAreNewCostOneReadingAtMost) {
    watch();
    maker_.ask("tcp-pairs 100");
    const std::uint64_t before = tables_read();
    EXPECT_EQ(look().size(), 201U);
    EXPECT_EQ(tables_read() - before, GetParam() == Way::copies ? 0U : 1U);
}

TEST_P(Sockets, ADatagramSocketConnectsAndElsewhere) {
    watch();
    const int fd = maker_.fd("udp");
    EXPECT_THAT(lines(), ElementsAre(fmt::format("open {}", fd)));
    maker_.ask(fmt::format("connect {} 127.0.0.1 9", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("connect {} 127.0.0.1:9", fd)));
    EXPECT_THAT(lines(seconds(20)), IsEmpty());
    maker_.ask(fmt::format("connect {} 127.0.0.2 53", fd));
    EXPECT_THAT(lines(seconds(20)), ElementsAre(fmt::format("connect {} 127.0.0.2:53", fd)));
    maker_.ask(fmt::format("close {}", fd));
    EXPECT_THAT(lines(), ElementsAre(fmt::format("close {} 127.0.0.2:53", fd)));
}

/// Facts about the socket from before this look do not tell what its new descriptor is.
TEST_P(Sockets, ADuplicateOfOneThatHasJustConnectedHasThePeer) {
    watch();
    const int fd = maker_.fd("udp");
    look();
    maker_.ask(fmt::format("connect {} 127.0.0.1 9", fd));
    const int duplicate = maker_.fd(fmt::format("dup {}", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("open {} 127.0.0.1:9", duplicate),
                                               fmt::format("connect {} 127.0.0.1:9", fd)));
}

TEST_P(Sockets, ADuplicateOutlivesTheOneThatWasKnownWithoutAPeer) {
    watch();
    const int fd = maker_.fd("udp");
    look();
    maker_.ask(fmt::format("connect {} 127.0.0.1 9", fd));
    const int duplicate = maker_.fd(fmt::format("dup {}", fd));
    maker_.ask(fmt::format("close {}", fd));
    EXPECT_THAT(lines(), ElementsAre(fmt::format("close {}", fd),
                                     fmt::format("open {} 127.0.0.1:9", duplicate)));
}

/// getpeername(2) does not count port 0 as a peer.
TEST_P(Sockets, APeerWithoutAPortIsToldOnce) {
    watch();
    const int fd = maker_.fd("udp");
    look();
    maker_.ask(fmt::format("connect {} 127.0.0.7 0", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("connect {} 127.0.0.7:0", fd)));
    for (int i = 0; i < 20; ++i) {
        maker_.ask("comm busy");
        EXPECT_THAT(lines(milliseconds(100)), IsEmpty());
    }
    maker_.ask(fmt::format("connect {} 127.0.0.8 0", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("connect {} 127.0.0.8:0", fd)));
    maker_.ask(fmt::format("connect {} 127.0.0.8 53", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("connect {} 127.0.0.8:53", fd)));
    maker_.ask(fmt::format("connect {} 127.0.0.9 0", fd));
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("connect {} 127.0.0.9:0", fd)));
    // A socket that is in no table any more keeps what the table told: it may have skipped the row.
    if (GetParam() == Way::tables) return;
    maker_.ask(fmt::format("disconnect {}", fd));
    EXPECT_THAT(lines(seconds(1)), IsEmpty());
    maker_.ask(fmt::format("close {}", fd));
    EXPECT_THAT(lines(), ElementsAre(fmt::format("close {}", fd)));
}

TEST_P(Sockets, AStreamConnectsAndListensLater) {
    watch();
    const auto listener = maker_.numbers("tcp-listen");
    look();
    const int client = maker_.fd("tcp-socket");
    EXPECT_THAT(lines(), ElementsAre(fmt::format("open {}", client)));
    const int other = maker_.fd("tcp-socket");
    EXPECT_THAT(lines(), ElementsAre(fmt::format("open {}", other)));
    maker_.ask(fmt::format("connect {} 127.0.0.1 {}", client, listener.at(1)));
    maker_.ask(fmt::format("listen {}", other));
    EXPECT_THAT(lines(seconds(1)),
                ElementsAre(fmt::format("connect {} 127.0.0.1:{}", client, listener.at(1)),
                            fmt::format("listen {}", other)));
    EXPECT_THAT(lines(seconds(20)), IsEmpty());
}

/// The process that closes a socket has run since the socket was asked, and may have connected it.
TEST_P(Sockets, ACloseDoesNotCallItUnconnected) {
    watch();
    const int tcp = maker_.fd("tcp-socket");
    const int udp = maker_.fd("udp");
    const int bound = maker_.fd("udp-bind");
    const int listener = maker_.fd("tcp-listen");
    for (const Event& event : look()) EXPECT_FALSE(fd_of(event).descriptor.socket->outdated);
    for (const int fd : {tcp, udp, bound, listener}) maker_.ask(fmt::format("close {}", fd));
    const std::vector<Event> closes = look();
    ASSERT_EQ(closes.size(), 4U);
    for (const Event& event : closes)
        EXPECT_EQ(fd_of(event).descriptor.socket->outdated, fd_of(event).descriptor.fd != listener);
}

/// Idle sockets cost nothing: the process has not run since, so they are seldom asked.
TEST_P(Sockets, IdleUnconnectedOnesAreNotAskedFor) {
    watch();
    maker_.fd("tcp-socket");
    look();
    look(milliseconds(2));
    const std::uint64_t before = tables_read();
    for (int i = 0; i < 100; ++i) look(milliseconds(2));
    EXPECT_LE(tables_read() - before, 1U);
}

/// However long the socket has waited, it is asked directly at the next look, or a table is read
/// soon after.
TEST_P(Sockets, ALateConnectIsToldSoon) {
    watch();
    const auto listener = maker_.numbers("tcp-listen");
    const int fd = maker_.fd("tcp-socket");
    look();
    for (int i = 0; i < 100; ++i) look(milliseconds(200));
    maker_.ask(fmt::format("connect {} 127.0.0.1 {}", fd, listener.at(1)));
    std::vector<std::string> told = lines();
    for (int i = 0; i < 6 && GetParam() == Way::tables; ++i)
        for (const std::string& line : lines(milliseconds(100))) told.push_back(line);
    EXPECT_THAT(told, ElementsAre(fmt::format("connect {} 127.0.0.1:{}", fd, listener.at(1))));
}

TEST_P(Sockets, TheNextOneIsToldAsSoon) {
    watch();
    const auto listener = maker_.numbers("tcp-listen");
    std::vector<int> fds;
    for (int i = 0; i < 10; ++i) fds.push_back(maker_.fd("tcp-socket"));
    look();
    for (const int fd : fds) {
        maker_.ask(fmt::format("connect {} 127.0.0.1 {}", fd, listener.at(1)));
        EXPECT_THAT(lines(GetParam() == Way::copies ? milliseconds(1) : milliseconds(601)),
                    ElementsAre(fmt::format("connect {} 127.0.0.1:{}", fd, listener.at(1))));
    }
}

/// An epoll is open before it has any targets.
TEST_P(Sockets, TheCloseOfAnEpollTellsWhatItCameToWatch) {
    watch();
    const auto pipe = maker_.numbers("pipe");
    const int epoll = maker_.fd("epoll");
    look();
    maker_.ask(fmt::format("epoll-add {} {}", epoll, pipe.at(0)));
    EXPECT_THAT(lines(seconds(1)), IsEmpty());
    maker_.ask(fmt::format("close {}", epoll));
    const std::vector<Event> events = look();
    ASSERT_EQ(events.size(), 1U);
    ASSERT_NE(fd_of(events[0]).descriptor.object, nullptr);
    ASSERT_EQ(fd_of(events[0]).descriptor.object->targets.size(), 1U);
    EXPECT_EQ(fd_of(events[0]).descriptor.object->targets[0].fd, pipe.at(0));
}

TEST_P(Sockets, TheCloseOfAnEpollTellsNotWhatItWatchesNoMore) {
    watch();
    const auto pipe = maker_.numbers("pipe");
    const int epoll = maker_.fd(fmt::format("epoll {}", pipe.at(0)));
    const std::vector<Event> opens = look();
    ASSERT_EQ(opens.size(), 3U);
    EXPECT_NE(fd_of(opens[2]).descriptor.object, nullptr);
    maker_.ask(fmt::format("epoll-remove {} {}", epoll, pipe.at(0)));
    look(seconds(1));
    maker_.ask(fmt::format("close {}", epoll));
    const std::vector<Event> events = look();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(fd_of(events[0]).descriptor.object, nullptr);
}

/// The kernel marks a datagram socket that others connect to as connected as well.
TEST_P(Sockets, WhoIsConnectedToHasNotConnected) {
    watch();
    const std::string name = fmt::format("@logfia-{}-datagrams", maker_.pid());
    maker_.ask("unix-listen " + name + " dgram");
    look();
    const int client = maker_.fd("unix-connect " + name + " dgram");
    EXPECT_THAT(lines(seconds(1)), ElementsAre(fmt::format("open {}", client)));
    EXPECT_THAT(lines(seconds(20)), IsEmpty());
}

/// A connection that was refused, or reset, leaves a socket that may try again.
TEST_P(Sockets, ASecondConnectIsToldToo) {
    watch();
    const auto listener = maker_.numbers("tcp-listen");
    const int closed_port = maker_.numbers("tcp-listen").at(1);
    maker_.ask(fmt::format("close {}", listener.at(0) + 1));
    const int fd = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {} nonblock", closed_port));
    look();
    EXPECT_EQ(maker_.attempt(fmt::format("connect {} 127.0.0.1 {}", fd, closed_port)),
              ECONNREFUSED);
    maker_.ask(fmt::format("connect {} 127.0.0.1 {}", fd, listener.at(1)));
    EXPECT_THAT(lines(seconds(20)),
                ElementsAre(fmt::format("connect {} 127.0.0.1:{}", fd, listener.at(1))));
}

/// Once a socket has changed, it is asked often again.
TEST_P(Sockets, TheOneThatChangesIsAskedOften) {
    watch();
    const int fd = maker_.fd("udp");
    look();
    for (int i = 0; i < 10; ++i) look(seconds(2));  // the pauses grow
    maker_.ask(fmt::format("connect {} 127.0.0.1 9", fd));
    EXPECT_EQ(lines(seconds(10)).size(), 1U);
    maker_.ask(fmt::format("connect {} 127.0.0.1 10", fd));
    EXPECT_THAT(lines(milliseconds(20)), ElementsAre(fmt::format("connect {} 127.0.0.1:10", fd)));
}

INSTANTIATE_TEST_SUITE_P(By, Sockets, ::testing::Values(Way::copies, Way::tables),
                         [](const auto& each) {
                             return std::string(each.param == Way::copies ? "Copies" : "Tables");
                         });

/// Totals, which only the socket itself tells.
class SocketsByCopies : public Sockets {
  protected:
    /// The two ends of a connection of the process, described by a look.
    struct Connection {
        int client = -1;
        int server = -1;
    };
    Connection connect() {
        const auto listener = maker_.numbers("tcp-listen");
        Connection made;
        made.client = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
        made.server = maker_.fd(fmt::format("tcp-accept {}", listener.at(0)));
        look();
        return made;
    }
    Event close_of(int fd) {
        maker_.ask(fmt::format("close {}", fd));
        for (Event& event : look())
            if (event.kind == EventKind::close && fd_of(event).descriptor.fd == fd) return event;
        ADD_FAILURE() << "no close of " << fd;
        return {};
    }
};

TEST_P(SocketsByCopies, ACloseTellsWhatAConnectionHasCarried) {
    watch();
    const Connection made = connect();
    maker_.ask(fmt::format("send {} 1000", made.client));
    maker_.ask(fmt::format("receive {} 1000", made.server));
    maker_.ask(fmt::format("send {} 30", made.server));
    maker_.ask(fmt::format("receive {} 30", made.client));
    look(seconds(2));
    const Event client = close_of(made.client);
    ASSERT_TRUE(fd_of(client).totals);
    EXPECT_EQ(fd_of(client).totals->bytes_sent, 1000U);
    EXPECT_EQ(fd_of(client).totals->bytes_received, 30U);
    EXPECT_EQ(fd_of(client).totals->retransmits, 0U);
    EXPECT_GT(fd_of(client).totals->round_trip, Duration::zero());
}

TEST_P(SocketsByCopies, WhatHasListenedHasNoTotals) {
    watch();
    const int fd = maker_.fd("tcp-socket");
    look();
    maker_.ask(fmt::format("listen {}", fd));
    look(seconds(2));
    EXPECT_FALSE(fd_of(close_of(fd)).totals);
}

TEST_P(SocketsByCopies, ACloseTellsTheLastStateThatWasSeen) {
    watch();
    const Connection made = connect();
    maker_.ask(fmt::format("send {} 7", made.client));
    maker_.ask(fmt::format("shutdown {}", made.client));
    maker_.ask(fmt::format("receive {} 7", made.server));
    ASSERT_EQ(maker_.numbers(fmt::format("receive {} 1", made.server)), std::vector{0});
    look(seconds(2));
    const Event server = close_of(made.server);
    EXPECT_EQ(fd_of(server).descriptor.socket->state, SocketState::close_wait);
    ASSERT_TRUE(fd_of(server).totals);
    EXPECT_EQ(fd_of(server).totals->bytes_received, 7U)
        << "the kernel counts the peer's FIN as one more";
}

TEST_P(SocketsByCopies, TheTotalsAreNotSampledMoreThanOnceASecond) {
    watch();
    const Connection made = connect();
    look(seconds(2));  // the first round
    maker_.ask(fmt::format("send {} 1000", made.client));
    look(milliseconds(900));
    const Event client = close_of(made.client);
    // Totals of the first round, before anything was sent, are not shown; final totals are.
    if (fd_of(client).totals) {
        EXPECT_EQ(fd_of(client).totals->as_of, TcpTotals::AsOf::end);
        EXPECT_EQ(fd_of(client).totals->bytes_sent, 1000U);
    }
}

INSTANTIATE_TEST_SUITE_P(By, SocketsByCopies, ::testing::Values(Way::copies),
                         [](const auto&) { return std::string("Copies"); });

}  // namespace
}  // namespace logfia
