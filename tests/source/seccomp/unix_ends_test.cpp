// Real sockets, whose other ends the kernel tells.

#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/unix_ends.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>

namespace logfia {
namespace {

using Asking = UnixEnds::Asking;

std::uint64_t inode_of(const UniqueFd& fd) {
    struct stat status {};
    fstat(fd.get(), &status);
    return status.st_ino;
}

class UnixEndsTest : public testing::Test {
  protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        one_ = UniqueFd(ends[0]);
        other_ = UniqueFd(ends[1]);
        UnixDiag::Question question{inode_of(one_), 0};
        UnixDiag().ask({&question, 1});
        if (question.peer == 0) GTEST_SKIP() << "the kernel does not tell (unix_diag)";
    }

    UniqueFd one_;
    UniqueFd other_;
    UnixEnds ends_;
};

TEST_F(UnixEndsTest, TheKernelIsAskedOnlyWhereThatIsWanted) {
    ends_.add(1, inode_of(one_));
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::needless), 0U);
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::allowed), inode_of(other_));
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::needless), inode_of(other_));
}

TEST_F(UnixEndsTest, TheAnswerIsGoodForBothEnds) {
    ends_.add(1, inode_of(one_));
    ends_.other_end(inode_of(one_), Asking::allowed);
    EXPECT_TRUE(ends_.contains(inode_of(other_)));
    ends_.add(2, inode_of(other_));
    EXPECT_EQ(ends_.other_end(inode_of(other_), Asking::needless), inode_of(one_));
}

TEST_F(UnixEndsTest, BothAreForgottenTogether) {
    ends_.add(1, inode_of(one_));
    ends_.add(1, inode_of(one_));
    ends_.add(2, inode_of(one_));
    ends_.add(3, inode_of(other_));
    ends_.other_end(inode_of(one_), Asking::allowed);
    ends_.remove(3);
    EXPECT_TRUE(ends_.contains(inode_of(other_)));
    ends_.remove(1);
    ends_.remove(1);
    EXPECT_TRUE(ends_.contains(inode_of(one_)));
    ends_.remove(2);
    EXPECT_TRUE(ends_.empty());
}

TEST_F(UnixEndsTest, ASocketWithoutAPeerIsForgottenByItself) {
    const UniqueFd alone(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ends_.add(1, inode_of(alone));
    EXPECT_EQ(ends_.other_end(inode_of(alone), Asking::allowed), 0U);
    ends_.remove(7);
    ends_.remove(1);
    EXPECT_TRUE(ends_.empty());
}

TEST_F(UnixEndsTest, APairNeedsNoQuestion) {
    ends_.add(1, inode_of(one_));
    ends_.connect(inode_of(one_), inode_of(other_));
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::needless), inode_of(other_));
    ends_.remove(1);
    EXPECT_TRUE(ends_.empty());
}

/// Each question takes the longer, the more sockets there are.
TEST_F(UnixEndsTest, WithThousandsOfSocketsTheKernelIsNotAsked) {
    for (std::uint64_t id = 10; id < 2010; ++id) ends_.add(id, (std::uint64_t{1} << 40) + id);
    ends_.add(1, inode_of(one_));
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::allowed), 0U);
    for (std::uint64_t id = 10; id < 2010; ++id) ends_.remove(id);
    EXPECT_EQ(ends_.other_end(inode_of(one_), Asking::allowed), inode_of(other_));
}

}  // namespace
}  // namespace logfia
