// Sockets of a real process, asked through duplicates.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace logfia {
namespace {

using Outcome = BlockingRequest::Outcome;
using test::FdMaker;

class BlockingAskerTest : public ::testing::Test {
  protected:
    BlockingAskerTest()
        : pidfd_(static_cast<int>(syscall(SYS_pidfd_open, maker_.pid(), 0))),
          root_(ProcRoot::open("/proc")) {}

    [[nodiscard]] BlockingRequest about(int fd) const {
        struct stat status {};
        EXPECT_EQ(stat(fmt::format("/proc/{}/fd/{}", maker_.pid(), fd).c_str(), &status), 0);
        BlockingRequest request;
        request.pidfd = pidfd_.get();
        request.fd = fd;
        request.inode = status.st_ino;
        request.proc_fd = root_->fd();
        request.process = proc_path("{}", maker_.pid());
        return request;
    }
    BlockingRequest ask(BlockingRequest request) {
        std::vector<BlockingRequest> requests;
        requests.push_back(std::move(request));
        asker_.ask(requests);
        return requests.at(0);
    }

    FdMaker maker_;
    UniqueFd pidfd_;
    Result<ProcRoot> root_;
    BlockingAsker asker_;
};

TEST_F(BlockingAskerTest, AnswersInOrderOnOneThread) {
    std::vector<BlockingRequest> requests;
    std::vector<int> ports;
    for (int i = 0; i < 20; ++i) {
        const auto listener = maker_.numbers("tcp-listen");
        requests.push_back(about(listener.at(0)));
        ports.push_back(listener.at(1));
    }
    for (int again = 0; again < 2; ++again) {
        asker_.ask(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            EXPECT_EQ(requests[i].outcome, Outcome::answered);
            EXPECT_EQ(requests[i].answer.type, FdType::tcp);
            ASSERT_TRUE(requests[i].answer.info.local);
            EXPECT_EQ(requests[i].answer.info.local->port, ports[i]);
        }
    }
    EXPECT_EQ(asker_.threads(), 1U);
}

TEST_F(BlockingAskerTest, WhatIsAnotherFileByNowIsClosed) {
    const int fd = maker_.fd("tcp-socket");
    BlockingRequest request = about(fd);
    maker_.ask(fmt::format("reopen {} /dev/null", fd));
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "no socket";
    maker_.ask(fmt::format("close {}", fd));
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "nothing";
    EXPECT_EQ(maker_.fd("udp"), fd);
    EXPECT_EQ(ask(request).outcome, Outcome::closed) << "another socket";
    EXPECT_EQ(ask(about(fd)).outcome, Outcome::answered);
}

TEST_F(BlockingAskerTest, WhatMayNotBeCopiedIsForbidden) {
    if (geteuid() == 0) GTEST_SKIP() << "root may copy everything";
    const int fd = maker_.fd("tcp-socket");
    const BlockingRequest request = about(fd);
    maker_.ask("dumpable 0");
    EXPECT_EQ(ask(request).outcome, Outcome::forbidden);
}

TEST_F(BlockingAskerTest, AfterTheEndNothingIsAnswered) {
    const BlockingRequest request = about(maker_.fd("tcp-socket"));
    maker_.end();
    EXPECT_EQ(ask(request).outcome, Outcome::failed);
}

/// A socket whose owner sends from memory that does not arrive, so that every question about it
/// blocks; and whose last close would take 600 s.
class AStuckSocket : public BlockingAskerTest {
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
    std::vector<BlockingRequest> requests{about(before), about(fd_), about(behind)};
    asker_.ask(requests);
    EXPECT_EQ(requests[0].outcome, Outcome::answered);
    EXPECT_EQ(requests[1].outcome, Outcome::stuck);
    EXPECT_EQ(requests[2].outcome, Outcome::answered) << "by another thread";
    EXPECT_EQ(asker_.threads(), 2U);
    EXPECT_FALSE(asker_.exhausted());

    // Now the duplicate is the last descriptor: the owner closes its own, and then the memory
    // arrives.
    maker_.ask(fmt::format("close {}", fd_));
    maker_.ask(fmt::format("close {}", faults_));
    EXPECT_EQ(ask(about(before)).outcome, Outcome::answered);
}

/// No duplicate is kept, even of a socket that lingers, while another socket cannot be asked.
TEST_F(AStuckSocket, KeepsNoCopyOfAnother) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    const auto listener = maker_.numbers("tcp-listen");
    const int client = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
    const int server = maker_.fd(fmt::format("accept {}", listener.at(0)));
    maker_.ask(fmt::format("linger {} 600", server));
    std::vector<BlockingRequest> requests{about(server), about(fd_)};
    asker_.ask(requests);
    EXPECT_EQ(requests[0].outcome, Outcome::answered);
    EXPECT_EQ(requests[1].outcome, Outcome::stuck);
    maker_.ask(fmt::format("close {}", server));
    EXPECT_EQ(maker_.fd(fmt::format("receive {} 1", client)), 0) << "the end of the stream";
    maker_.ask(fmt::format("close {}", faults_));
}

TEST_F(AStuckSocket, WearsOutThreadsThatComeBack) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    const BlockingRequest other = about(maker_.fd("udp"));
    BlockingRequest stuck = about(fd_);
    stuck.owner = 7;
    for (int i = 0; i < 20 && !asker_.exhausted(); ++i) ask(stuck);
    EXPECT_TRUE(asker_.exhausted());
    EXPECT_TRUE(asker_.is_kept_waiting_by(7));
    EXPECT_FALSE(asker_.is_kept_waiting_by(8));
    EXPECT_EQ(ask(other).outcome, Outcome::failed);
    maker_.ask(fmt::format("close {}", faults_));
    EXPECT_TRUE(test::eventually([&] { return ask(other).outcome == Outcome::answered; }));
    EXPECT_FALSE(asker_.exhausted());
    EXPECT_TRUE(test::eventually([this] { return !asker_.is_kept_waiting_by(7); }));
}

TEST_F(BlockingAskerTest, TellsWhatAnEpollWatches) {
    const auto pipe = maker_.numbers("pipe");
    BlockingRequest request = about(maker_.fd(fmt::format("epoll {}", pipe.at(0))));
    request.question = BlockingRequest::Question::targets;
    const BlockingRequest answer = ask(request);
    EXPECT_EQ(answer.outcome, Outcome::answered);
    ASSERT_TRUE(answer.object);
    EXPECT_EQ(answer.object->targets.at(0).fd, pipe.at(0));
    EXPECT_TRUE(answer.info.flags);
    maker_.ask(fmt::format("close {}", request.fd));
    EXPECT_EQ(ask(request).outcome, Outcome::closed);
}

/// The number was given to another file after the question arose.
TEST_F(BlockingAskerTest, AnotherFileThanTheOneThatIsMeantTellsNothing) {
    BlockingRequest request = about(maker_.fd("eventfd"));
    request.question = BlockingRequest::Question::targets;
    const BlockingRequest targets = ask(request);
    EXPECT_EQ(targets.outcome, Outcome::closed);
    EXPECT_FALSE(targets.info.flags);

    request = about(maker_.fd("udp"));
    request.question = BlockingRequest::Question::hint;
    EXPECT_EQ(ask(request).answer.type, FdType::udp);
    ++request.inode;
    const BlockingRequest hint = ask(request);
    EXPECT_EQ(hint.outcome, Outcome::closed);
    EXPECT_EQ(hint.answer.type, FdType::socket);
}

/// An epoll that its owner keeps locked, so that every question about its targets blocks.
class AStuckEpoll : public BlockingAskerTest {
  protected:
    /// False, with the reason, where the kernel does not let us.
    bool make() {
        const auto pipe = maker_.numbers("pipe");
        request_ = about(maker_.fd(fmt::format("epoll {}", pipe.at(0))));
        request_.question = BlockingRequest::Question::targets;
        maker_.ask(fmt::format("write {} 1", pipe.at(1)));
        try {
            faults_ = maker_.fd(fmt::format("epoll-to-nowhere {}", request_.fd));
        } catch (const test::FdMakerError& error) {
            reason_ = error.what();
        }
        return reason_.empty();
    }
    void let_go() { maker_.ask(fmt::format("close {}", faults_)); }

    BlockingRequest request_;
    int faults_ = -1;
    std::string reason_;
};

TEST_F(AStuckEpoll, DoesNotHoldUpWhoAsks) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    EXPECT_EQ(ask(request_).outcome, Outcome::stuck);
    EXPECT_EQ(ask(about(maker_.fd("udp"))).outcome, Outcome::answered);
    let_go();
}

/// A procfs of another PID namespace has no `thread-self` for us.
TEST_F(AStuckEpoll, IsGivenUpWhereOurOwnThreadsAreNotShown) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    const test::TempDir strange;
    std::filesystem::create_symlink("/proc/" + maker_.pid_text(), strange.path(maker_.pid_text()));
    const auto root = ProcRoot::open(strange.path());
    request_.proc_fd = root->fd();
    EXPECT_EQ(ask(request_).outcome, Outcome::stuck);
    let_go();
}

/// In a procfs of an outer PID namespace our thread has another number than it knows itself by.
TEST_F(AStuckEpoll, IsGivenUpWhereOurThreadHasAnotherNumber) {
    if (!make()) GTEST_SKIP() << "no userfaultfd that stops the kernel too: " << reason_;
    test::FakeProc outer;
    outer.add_process(7, "logfia");
    outer.add_thread(7, 9);
    outer.self_is(7);
    std::filesystem::create_symlink("7/task/9", outer.path() + "/thread-self");
    std::filesystem::create_symlink("/proc/" + maker_.pid_text(),
                                    outer.path() + '/' + maker_.pid_text());
    const auto root = ProcRoot::open(outer.path());
    request_.proc_fd = root->fd();
    EXPECT_EQ(ask(request_).outcome, Outcome::stuck);
    let_go();
}

}  // namespace
}  // namespace logfia
