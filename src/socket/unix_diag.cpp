#include <logfia/socket/unix_diag.hpp>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>

namespace logfia {
namespace {

constexpr std::size_t kMostAlone = 16;         // questions that are put one by one
constexpr std::size_t kBuffer = 32UL * 1024;   // the kernel's own limit (netlink_dump())
constexpr std::uint32_t kConnected = 1U << 1;  // TCP_ESTABLISHED (unix_diag_dump())

std::uint64_t inode_of(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

/// The first message of those in `bytes`, which it is taken off; absent when none is left.
std::optional<std::span<const char>> next_message(std::span<const char>& bytes) {
    nlmsghdr head{};
    if (bytes.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > bytes.size()) return std::nullopt;
    const auto message = bytes.first(head.nlmsg_len);
    bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), bytes.size()));
    return message;
}

bool ends_listing(std::span<const char> message) {
    nlmsghdr head{};
    std::memcpy(&head, message.data(), sizeof head);
    return head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR;
}

}  // namespace

UnixDiag::Question parse_unix_diag(std::span<const char> message) {
    nlmsghdr head{};
    unix_diag_msg body{};
    if (message.size() < NLMSG_SPACE(sizeof body)) return {};
    std::memcpy(&head, message.data(), sizeof head);
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len > message.size() ||
        head.nlmsg_len < NLMSG_SPACE(sizeof body))
        return {};
    std::memcpy(&body, message.data() + NLMSG_HDRLEN, sizeof body);
    UnixDiag::Question found{body.udiag_ino, 0};
    auto rest = message.first(head.nlmsg_len).subspan(NLMSG_SPACE(sizeof body));
    while (rest.size() >= sizeof(rtattr)) {
        rtattr attribute{};
        std::memcpy(&attribute, rest.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
        std::uint32_t peer = 0;
        if (attribute.rta_type == UNIX_DIAG_PEER && attribute.rta_len == RTA_LENGTH(sizeof peer)) {
            std::memcpy(&peer, rest.data() + RTA_LENGTH(0), sizeof peer);
            found.peer = peer;
        }
        rest = rest.subspan(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), rest.size()));
    }
    return found;
}

/// Opens the netlink socket, and makes sure that the kernel answers: each question to one that
/// lacks the module would run modprobe(8), and the answer is the same as for an unknown socket.
bool UnixDiag::begin() {
    if (begun_) return static_cast<bool>(socket_);
    begun_ = true;
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
    const UniqueFd one(ends[0]);
    const UniqueFd other(ends[1]);
    socket_ =
        UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
    buffer_.resize(kBuffer);
    Question test{inode_of(one.get()), 0};
    if (socket_) ask_one(test);
    if (test.peer == 0 || test.peer != inode_of(other.get())) socket_.reset();
    return static_cast<bool>(socket_);
}

/// 0: a listing of all that are connected.
bool UnixDiag::send(std::uint64_t inode) {
    struct {
        nlmsghdr head{};
        unix_diag_req body{};
    } request;
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.head.nlmsg_flags =
        static_cast<std::uint16_t>(inode == 0 ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST);
    request.body.sdiag_family = AF_UNIX;
    request.body.udiag_states = kConnected;
    request.body.udiag_ino = static_cast<std::uint32_t>(inode);
    request.body.udiag_show = UDIAG_SHOW_PEER;
    std::fill(std::begin(request.body.udiag_cookie), std::end(request.body.udiag_cookie), ~0U);
    return ::send(socket_.get(), &request, sizeof request, 0) ==
           static_cast<ssize_t>(sizeof request);
}

/// The kernel has answered when the question is sent (sock_diag_rcv(), net/core/sock_diag.c).
void UnixDiag::ask_one(Question& question) {
    if (question.inode == 0 || question.inode > std::numeric_limits<std::uint32_t>::max()) return;
    if (!send(question.inode)) return;
    const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return;
    const Question found = parse_unix_diag({buffer_.data(), static_cast<std::size_t>(got)});
    if (found.inode == question.inode) question.peer = found.peer;
}

void UnixDiag::list(std::span<Question> questions) {
    if (!send(0)) return;
    for (;;) {
        const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
        if (got <= 0) return;
        std::span<const char> rest(buffer_.data(), static_cast<std::size_t>(got));
        while (const auto message = next_message(rest)) {
            if (ends_listing(*message)) return;
            const Question found = parse_unix_diag(*message);
            const auto at = std::lower_bound(
                questions.begin(), questions.end(), found.inode,
                [](const Question& one, std::uint64_t inode) { return one.inode < inode; });
            if (at != questions.end() && at->inode == found.inode) at->peer = found.peer;
        }
    }
}

void UnixDiag::ask(std::span<Question> questions) {
    if (questions.empty() || !begin()) return;
    if (questions.size() > kMostAlone) return list(questions);
    for (Question& question : questions) ask_one(question);
}

}  // namespace logfia
