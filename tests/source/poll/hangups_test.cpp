// Peers that close their sides while the watched process sleeps.

#include "source/poll/watched_helper.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Whether sockets are asked by duplicates.
class Hangups : public ::testing::TestWithParam<bool>, public test::WatchedHelper {
  protected:
    Hangups() { hangups_ = true; }

    /// A connection to the peer, which is another process.
    struct Connection {
        int ours;
        int theirs;
    };
    Connection connect() {
        if (listener_.empty()) listener_ = peer_.numbers("tcp-listen");
        const int ours = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener_.at(1)));
        return {ours, peer_.fd(fmt::format("accept {}", listener_.at(0)))};
    }
    /// Waits until the FIN has come.
    void let_peer_shut_down(const Connection& connection) {
        peer_.ask(fmt::format("shutdown {}", connection.theirs));
        ASSERT_EQ(maker_.numbers(fmt::format("receive {} 1", connection.ours)), std::vector{0});
        ASSERT_TRUE(test::comes_to_sleep(maker_.pid()));
    }
    static std::vector<std::string> hangups(const std::vector<Event>& events) {
        std::vector<std::string> told;
        for (const Event& event : events)
            if (event.kind == EventKind::hangup) {
                EXPECT_EQ(fd_of(event).descriptor.socket->state, SocketState::close_wait);
                told.push_back(fmt::format("hangup {}", fd_of(event).descriptor.fd));
            }
        return told;
    }
    /// The hangups that are told in the looks of two seconds.
    std::vector<std::string> hangups_of_looks(Duration interval = milliseconds(100)) {
        std::vector<std::string> told;
        for (int i = 0; i < 20; ++i)
            for (std::string& one : hangups(look(interval))) told.push_back(std::move(one));
        return told;
    }

    test::FdMaker peer_;

  private:
    std::vector<int> listener_;
};

TEST_P(Hangups, AreToldOnce) {
    const Connection early = connect();
    watch(GetParam(), milliseconds(100));
    const Connection late = connect();
    EXPECT_THAT(hangups_of_looks(), IsEmpty());
    let_peer_shut_down(late);
    EXPECT_THAT(hangups_of_looks(), ElementsAre(fmt::format("hangup {}", late.ours)));
    let_peer_shut_down(early);
    EXPECT_THAT(hangups_of_looks(), ElementsAre(fmt::format("hangup {}", early.ours)));
    EXPECT_THAT(hangups_of_looks(), IsEmpty());
}

TEST_P(Hangups, AreToldOfWhatIsHalfClosedAtFirstSight) {
    const Connection early = connect();
    let_peer_shut_down(early);
    watch(GetParam(), milliseconds(100));
    const Connection late = connect();
    let_peer_shut_down(late);
    const std::vector<Event> events = look();
    std::vector<std::string> told;
    for (const Event& event : events) told.push_back(std::string(to_string(event.kind)));
    EXPECT_THAT(told, ElementsAre("open", "hangup")) << "the early one is told with the first look";
    EXPECT_THAT(hangups_of_looks(), IsEmpty());
}

TEST_P(Hangups, AreNotToldOfWhoClosedFirst) {
    const Connection made = connect();
    watch(GetParam(), milliseconds(100));
    maker_.ask(fmt::format("shutdown {}", made.ours));
    hangups_of_looks();
    peer_.ask(fmt::format("shutdown {}", made.theirs));
    EXPECT_THAT(hangups_of_looks(), IsEmpty());
}

TEST_P(Hangups, AreNotAskedForByWhoDoesNotWantThem) {
    hangups_ = false;
    const Connection made = connect();
    watch(GetParam(), milliseconds(100));
    look();
    const auto questions = questions_put();
    let_peer_shut_down(made);
    const auto tables = tables_read();
    EXPECT_THAT(hangups_of_looks(milliseconds(10)), IsEmpty());
    EXPECT_LE(questions_put() - questions, 1U) << "the totals";
    EXPECT_EQ(tables_read(), tables);
}

TEST_P(Hangups, AreAskedForAtAModestPace) {
    maker_.numbers("tcp-pairs 100");
    watch(GetParam(), milliseconds(100));
    for (int i = 0; i < 8; ++i) look(seconds(10));  // until the totals are known
    const auto questions = questions_put();
    const auto tables = tables_read();
    for (int i = 0; i < 9; ++i) look(milliseconds(10));
    EXPECT_EQ(questions_put(), questions);
    for (int i = 0; i < 91; ++i) look(milliseconds(10));
    if (GetParam()) {
        EXPECT_GE(questions_put() - questions, 800U) << "200 ends, 200 ms a round, for one second";
        EXPECT_LE(questions_put() - questions, 1200U);
    } else {
        EXPECT_EQ(questions_put(), questions);
        EXPECT_LE(tables_read() - tables, 2U) << "tcp, and perhaps tcp6";
    }
}

TEST_P(Hangups, ManyAreAskedInTurn) {
    const Connection first = connect();
    maker_.numbers("tcp-pairs 700");
    const Connection last = connect();
    watch(GetParam(), milliseconds(100));
    look(seconds(10));
    for (int i = 0; i < 10; ++i) look(seconds(1));
    let_peer_shut_down(first);
    let_peer_shut_down(last);
    std::vector<std::string> told;
    for (int i = 0; i < 40; ++i) {
        const auto before = questions_put();
        for (std::string& one : hangups(look(milliseconds(100)))) told.push_back(std::move(one));
        // The totals of 64 connections are asked for in addition.
        EXPECT_LE(questions_put() - before, 512U + 64U);
    }
    std::sort(told.begin(), told.end());
    std::vector<std::string> expected{fmt::format("hangup {}", first.ours),
                                      fmt::format("hangup {}", last.ours)};
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(told, expected);
}

INSTANTIATE_TEST_SUITE_P(By, Hangups, ::testing::Bool(), [](const auto& by) {
    return std::string(by.param ? "Copies" : "Tables");
});

}  // namespace
}  // namespace logfia
