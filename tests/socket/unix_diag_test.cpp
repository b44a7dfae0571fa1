#include <logfia/base/unique_fd.hpp>
#include <logfia/socket/unix_diag.hpp>

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace logfia {
namespace {

/// As the kernel writes it.
struct Message {
    nlmsghdr head{};
    unix_diag_msg body{};
    rtattr other{};
    std::uint32_t other_value = 0;
    rtattr peer{};
    std::uint32_t peer_value = 0;

    Message() {
        head.nlmsg_len = sizeof *this;
        head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
        body.udiag_family = AF_UNIX;
        body.udiag_ino = 1001;
        other.rta_len = RTA_LENGTH(sizeof other_value);
        other.rta_type = UNIX_DIAG_UID;
        other_value = 7;
        peer.rta_len = RTA_LENGTH(sizeof peer_value);
        peer.rta_type = UNIX_DIAG_PEER;
        peer_value = 1002;
    }
};

UnixDiag::Question parsed(const Message& message, std::size_t size = sizeof(Message)) {
    std::array<char, sizeof(Message)> bytes;
    std::memcpy(bytes.data(), &message, sizeof message);
    return parse_unix_diag({bytes.data(), size});
}

TEST(UnixDiagMessages, TellBothEnds) {
    EXPECT_EQ(parsed({}).inode, 1001U);
    EXPECT_EQ(parsed({}).peer, 1002U);
    Message without;
    without.peer.rta_type = UNIX_DIAG_UID;
    EXPECT_EQ(parsed(without).inode, 1001U);
    EXPECT_EQ(parsed(without).peer, 0U);
}

TEST(UnixDiagMessages, OddOnesTellNothing) {
    Message message;
    message.head.nlmsg_type = NLMSG_ERROR;
    EXPECT_EQ(parsed(message).inode, 0U);
    message = {};
    message.head.nlmsg_len = sizeof message + 1;
    EXPECT_EQ(parsed(message).inode, 0U) << "cut";
    message = {};
    message.head.nlmsg_len = sizeof(nlmsghdr);
    EXPECT_EQ(parsed(message).inode, 0U);
    for (std::size_t size = 0; size < sizeof message; ++size)
        EXPECT_EQ(parsed({}, size).inode, 0U) << size;
    for (const unsigned length : {0U, 3U, 4U, 6U, 9U, 200U}) {
        message = {};
        message.peer.rta_len = static_cast<std::uint16_t>(length);
        EXPECT_EQ(parsed(message).peer, 0U) << length;
        message = {};
        message.other.rta_len = static_cast<std::uint16_t>(length);
        EXPECT_TRUE(parsed(message).peer == 0 || length == 6) << length;
    }
}

std::uint64_t inode_of(const UniqueFd& fd) {
    struct stat status {};
    EXPECT_EQ(fstat(fd.get(), &status), 0);
    return status.st_ino;
}

/// Asked one by one, and so many that all sockets are listed.
TEST(UnixDiag, FindsTheOtherEnds) {
    for (const std::size_t count : {1U, 5U, 200U}) {
        std::vector<UniqueFd> ends;
        std::vector<UnixDiag::Question> questions;
        for (std::size_t i = 0; i < count; ++i) {
            std::array<int, 2> pair{};
            const int type = i % 2 == 0 ? SOCK_STREAM : SOCK_DGRAM;
            ASSERT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair.data()), 0);
            ends.emplace_back(pair[0]);
            ends.emplace_back(pair[1]);
            questions.push_back({inode_of(ends[2 * i]), 0});
        }
        const UniqueFd alone(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        questions.push_back({inode_of(alone), 0});
        const auto by_inode = [](const auto& a, const auto& b) { return a.inode < b.inode; };
        std::sort(questions.begin(), questions.end(), by_inode);
        UnixDiag diag;
        for (int again = 0; again < 2; ++again) {
            for (auto& question : questions) question.peer = 0;
            diag.ask(questions);
            if (questions.front().peer == 0 && questions.back().peer == 0)
                GTEST_SKIP() << "this kernel does not tell the peers of unix sockets";
            const auto answer_about = [&](const UniqueFd& fd) {
                const UnixDiag::Question key{inode_of(fd), 0};
                return std::lower_bound(questions.begin(), questions.end(), key, by_inode)->peer;
            };
            for (std::size_t i = 0; i < count; ++i)
                EXPECT_EQ(answer_about(ends[2 * i]), inode_of(ends[2 * i + 1]));
            EXPECT_EQ(answer_about(alone), 0U);
        }
    }
}

TEST(UnixDiag, KnowsNothingOfWhatIsNoSocket) {
    std::vector<UnixDiag::Question> questions{{0, 0}, {1, 0}, {std::uint64_t{1} << 40, 0}};
    UnixDiag().ask(questions);
    for (const auto& question : questions) EXPECT_EQ(question.peer, 0U);
}

}  // namespace
}  // namespace logfia
