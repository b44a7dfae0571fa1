// Sockets and epolls for which the kernel blocks every question, watched on a calendar that the
// test writes, until it answers.

#include "source/poll/watched_helper.hpp"
#include "support/event_parts.hpp"
#include "support/watching.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;

class Stalled : public ::testing::Test, public test::WatchedHelper {
  protected:
    std::optional<Event> event_of(int fd, EventKind kind, Duration later = milliseconds(1)) {
        for (Event& event : look(later))
            if (fd_of(event).descriptor.fd == fd && event.kind == kind) return event;
        return std::nullopt;
    }

    /// Runs a command that blocks every question until its answer is closed; false, with the
    /// reason, if the kernel does not allow it.
    bool stall(const std::string& command) {
        try {
            faults_ = maker_.fd(command);
        } catch (const test::FdMakerError& error) {
            reason_ = error.what();
        }
        return reason_.empty();
    }
    bool stall_a_socket() {
        const auto listener = maker_.numbers("tcp-listen");
        const int fd = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
        return stall(fmt::format("send-from-nowhere {}", fd));
    }
    void end_of_stall() { maker_.ask(fmt::format("close {}", faults_)); }

    /// Whether a new socket is asked directly: only the socket itself tells where it is bound.
    bool asks_a_new_one(Duration later = milliseconds(1)) {
        const int fd = maker_.fd("tcp-socket");
        maker_.ask(fmt::format("bind {} 127.0.0.1", fd));
        const auto open = event_of(fd, EventKind::open, later);
        EXPECT_TRUE(open);
        EXPECT_EQ(fd_of(*open).descriptor.type, FdType::tcp) << "the tables are asked meanwhile";
        return fd_of(*open).descriptor.socket && fd_of(*open).descriptor.socket->local;
    }

    int faults_ = -1;
    std::string reason_;
};

TEST_F(Stalled, SocketsAreAskedAgainOnceThatIsOver) {
    if (!stall_a_socket()) GTEST_SKIP() << "no such userfaultfd: " << reason_;
    watch();
    EXPECT_FALSE(asks_a_new_one());
    EXPECT_FALSE(asks_a_new_one(seconds(30))) << "our thread still waits";
    end_of_stall();
    EXPECT_TRUE(test::eventually([this] { return asks_a_new_one(); }));
}

/// Sockets that only the tables could describe are asked again too.
TEST_F(Stalled, WhatTheTablesDidNotTellIsLearnedLater) {
    if (!stall_a_socket()) GTEST_SKIP() << "no such userfaultfd: " << reason_;
    watch();
    EXPECT_FALSE(asks_a_new_one());
    const std::string name = fmt::format("@logfia-{}-stalled", maker_.pid());
    maker_.ask("unix-listen " + name);
    const int fd = maker_.fd("unix-connect " + name);
    const auto open = event_of(fd, EventKind::open);
    ASSERT_TRUE(open && fd_of(*open).descriptor.socket);
    EXPECT_EQ(fd_of(*open).descriptor.socket->peer_path, "");
    end_of_stall();
    ASSERT_TRUE(test::eventually([this] { return asks_a_new_one(seconds(1)); }));
    for (const Event& event : look(seconds(6)))
        EXPECT_NE(event.kind, EventKind::connect) << "it was connected all the time";
    maker_.ask(fmt::format("close {}", fd));
    const auto close = event_of(fd, EventKind::close);
    ASSERT_TRUE(close);
    EXPECT_EQ(fd_of(*close).descriptor.socket->peer_path, name);
}

/// A stall ends before its second is over, and another one comes.
TEST_F(Stalled, PausesGrow) {
    if (!stall_a_socket()) GTEST_SKIP() << "no such userfaultfd: " << reason_;
    watch();
    EXPECT_FALSE(asks_a_new_one());
    for (const int pause : {1, 2, 4}) {
        end_of_stall();
        EXPECT_FALSE(asks_a_new_one(milliseconds(pause * 1000 - 500)));
        ASSERT_TRUE(test::eventually([this] { return asks_a_new_one(milliseconds(200)); }));
        ASSERT_TRUE(stall_a_socket());
        look();
        EXPECT_FALSE(asks_a_new_one());
    }
    end_of_stall();
}

TEST_F(Stalled, EpollsAreAskedAgainOnceThatIsOver) {
    const auto pipe = maker_.numbers("pipe");
    const int epoll = maker_.fd(fmt::format("epoll {}", pipe.at(0)));
    maker_.ask(fmt::format("write {} 1", pipe.at(1)));
    if (!stall(fmt::format("epoll-to-nowhere {}", epoll)))
        GTEST_SKIP() << "no such userfaultfd: " << reason_;
    watch();
    const auto tells_targets = [this](Duration later) {
        const auto other = maker_.numbers("pipe");
        const int fd = maker_.fd(fmt::format("epoll {}", other.at(0)));
        const auto open = event_of(fd, EventKind::open, later);
        return open && fd_of(*open).descriptor.object != nullptr;
    };
    EXPECT_FALSE(tells_targets(milliseconds(1)));
    EXPECT_FALSE(tells_targets(seconds(30)));
    end_of_stall();
    EXPECT_TRUE(test::eventually([&] { return tells_targets(milliseconds(1)); }));
}

}  // namespace
}  // namespace logfia
