#include <logfia/base/pass_fd.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace logfia {
namespace {

class PassFd : public testing::Test {
  protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        ours = UniqueFd(ends[0]);
        theirs = UniqueFd(ends[1]);
    }
    UniqueFd ours;
    UniqueFd theirs;
};

TEST_F(PassFd, TheSameFileArrives) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const UniqueFd reader(pipe_ends[0]);
    const UniqueFd writer(pipe_ends[1]);
    ASSERT_EQ(send_fd(ours.get(), reader.get()), 0);
    const UniqueFd received = receive_fd(theirs.get());
    ASSERT_TRUE(received);
    EXPECT_NE(received.get(), reader.get());
    EXPECT_EQ(fcntl(received.get(), F_GETFD), FD_CLOEXEC);
    struct stat sent {};
    struct stat got {};
    ASSERT_EQ(fstat(reader.get(), &sent), 0);
    ASSERT_EQ(fstat(received.get(), &got), 0);
    EXPECT_EQ(sent.st_ino, got.st_ino);
}

TEST_F(PassFd, NothingArrivesFromAnEndThatIsClosed) {
    ours.reset();
    errno = 0;
    EXPECT_FALSE(receive_fd(theirs.get()));
    EXPECT_EQ(errno, ECONNRESET);
    EXPECT_EQ(send_fd(theirs.get(), theirs.get()), EPIPE);
}

TEST_F(PassFd, BytesAloneAreNoDescriptor) {
    ASSERT_EQ(write(ours.get(), "x", 1), 1);
    EXPECT_FALSE(receive_fd(theirs.get()));
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(PassFd, WhatIsNotOpenCannotBeSent) {
    EXPECT_EQ(send_fd(ours.get(), -1), EBADF);
    EXPECT_EQ(send_fd(-1, ours.get()), EBADF);
    EXPECT_FALSE(receive_fd(-1));
}

}  // namespace
}  // namespace logfia
