// Sockets of a real process, asked by copies.

#include "support/fd_maker_client.hpp"
#include "support/watching.hpp"
#include <logfia/proc/proc_root.hpp>
#include <logfia/proc/socket_copier.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using Outcome = SocketRequest::Outcome;
using test::FdMaker;

class SocketCopierTest : public ::testing::Test {
  protected:
    SocketCopierTest()
        : pidfd_(static_cast<int>(syscall(SYS_pidfd_open, maker_.pid(), 0))),
          root_(ProcRoot::open("/proc")) {}

    [[nodiscard]] SocketRequest about(int fd) const {
        struct stat status {};
        EXPECT_EQ(stat(fmt::format("/proc/{}/fd/{}", maker_.pid(), fd).c_str(), &status), 0);
        SocketRequest request;
        request.pidfd = pidfd_.get();
        request.fd = fd;
        request.inode = status.st_ino;
        request.proc_fd = root_->fd();
        return request;
    }
    SocketRequest ask(SocketRequest request) {
        std::vector<SocketRequest> requests;
        requests.push_back(std::move(request));
        copier_.ask(requests);
        return requests.at(0);
    }

    FdMaker maker_;
    UniqueFd pidfd_;
    Result<ProcRoot> root_;
    SocketCopier copier_;
};

TEST_F(SocketCopierTest, AnswersInOrderOnOneThread) {
    std::vector<SocketRequest> requests;
    std::vector<int> ports;
    for (int i = 0; i < 20; ++i) {
        const auto listener = maker_.numbers("tcp-listen");
        requests.push_back(about(listener.at(0)));
        ports.push_back(listener.at(1));
    }
    for (int again = 0; again < 2; ++again) {
        copier_.ask(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            EXPECT_EQ(requests[i].outcome, Outcome::answered);
            EXPECT_EQ(requests[i].answer.type, FdType::tcp);
            ASSERT_TRUE(requests[i].answer.info.local);
            EXPECT_EQ(requests[i].answer.info.local->port, ports[i]);
        }
    }
    EXPECT_EQ(copier_.threads(), 1U);
}

TEST_F(SocketCopierTest, WhatIsAnotherFileByNowIsClosed) {
    const int fd = maker_.fd("tcp-socket");
    SocketRequest request = about(fd);
    maker_.ask(fmt::format("reopen {} /dev/null", fd));
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "no socket";
    maker_.ask(fmt::format("close {}", fd));
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "nothing";
    EXPECT_EQ(maker_.fd("udp"), fd);
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "another socket";
    EXPECT_EQ(ask(about(fd)).outcome, Outcome::answered);
}

TEST_F(SocketCopierTest, WhatMayNotBeCopiedIsForbidden) {
    if (geteuid() == 0) GTEST_SKIP() << "root may copy everything";
    const int fd = maker_.fd("tcp-socket");
    const SocketRequest request = about(fd);
    maker_.ask("dumpable 0");
    EXPECT_EQ(ask(request).outcome, Outcome::forbidden);
}

TEST_F(SocketCopierTest, AfterTheEndNothingIsAnswered) {
    const SocketRequest request = about(maker_.fd("tcp-socket"));
    maker_.end();
    EXPECT_EQ(ask(request).outcome, Outcome::failed);
}

/// A socket whose owner sends from memory that does not come, so that whoever asks it waits; and
/// whose closing would take 600 s, for whoever closes it last.
class AStuckSocket : public SocketCopierTest {
  protected:
    /// False, with the reason, where the kernel does not let us.
    bool make() {
        const auto listener = maker_.numbers("tcp-listen");
        maker_.ask(fmt::format("buffer {} receive 2048", listener.at(0)));
        fd_ = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
        maker_.ask(fmt::format("buffer {} send 200000", fd_));
        maker_.ask(fmt::format("linger {} 600", fd_));
        maker_.ask(fmt::format("send {} 100000", fd_));
        try {
            faults_ = maker_.fd(fmt::format("send-from-nowhere {}", fd_));
        } catch (const test::FdMakerError& error) {
            reason_ = error.what();
        }
        return reason_.empty();
    }

    int fd_ = -1;
    int faults_ = -1;
    std::string reason_;
};

TEST_F(AStuckSocket, DoesNotHoldUpWhoAsksNorWhoCloses) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    const int before = maker_.fd("udp");
    const int behind = maker_.fd("udp");
    std::vector<SocketRequest> requests{about(before), about(fd_), about(behind)};
    copier_.ask(requests);
    EXPECT_EQ(requests[0].outcome, Outcome::answered);
    EXPECT_EQ(requests[1].outcome, Outcome::stuck);
    EXPECT_EQ(requests[2].outcome, Outcome::failed);
    EXPECT_EQ(copier_.threads(), 1U);
    EXPECT_EQ(ask(about(behind)).outcome, Outcome::answered);
    EXPECT_EQ(copier_.threads(), 2U);

    // Now the copy is the last one: its owner lets go of it, and then the memory comes.
    maker_.ask(fmt::format("close {}", fd_));
    maker_.ask(fmt::format("close {}", faults_));
    EXPECT_EQ(ask(about(before)).outcome, Outcome::answered);
}

}  // namespace
}  // namespace logfia
