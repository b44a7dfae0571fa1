#include "support/watching.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/socket/socket_answer.hpp>
#include <logfia/socket/socket_end_notices.hpp>

#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

namespace logfia {
namespace {

/// A notice as the kernel writes it: of a socket that has sent 1,000 bytes, 10 of them twice.
std::vector<char> notice() {
    tcp_info info{};
    info.tcpi_rtt = 23;
    info.tcpi_total_retrans = 2;
    info.tcpi_bytes_sent = 1010;
    info.tcpi_bytes_retrans = 10;
    info.tcpi_bytes_received = 501;
    info.tcpi_data_segs_in = 3;
    inet_diag_msg body{};
    body.idiag_family = AF_INET;
    body.id.idiag_cookie[0] = 7;
    body.id.idiag_cookie[1] = 1;
    constexpr std::size_t kHead = sizeof(nlattr);
    const nlattr other{kHead + 1, INET_DIAG_PROTOCOL};
    const nlattr attribute{static_cast<__u16>(kHead + sizeof info), INET_DIAG_INFO};
    std::vector<char> bytes(NLMSG_SPACE(sizeof body) + 8 + kHead + sizeof info);
    nlmsghdr head{};
    head.nlmsg_len = static_cast<__u32>(bytes.size());
    head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    char* at = bytes.data();
    std::memcpy(at, &head, sizeof head);
    std::memcpy(at + NLMSG_HDRLEN, &body, sizeof body);
    at += NLMSG_SPACE(sizeof body);
    std::memcpy(at, &other, sizeof other);
    std::memcpy(at + 8, &attribute, sizeof attribute);
    std::memcpy(at + 8 + kHead, &info, sizeof info);
    return bytes;
}

TEST(SocketEnd, IsParsed) {
    const auto end = parse_socket_end(notice());
    ASSERT_TRUE(end);
    EXPECT_EQ(end->cookie, (std::uint64_t{1} << 32) + 7);
    const TcpTotals expected{1000, 501, 3, 2, std::chrono::microseconds(23), TcpTotals::AsOf::end};
    EXPECT_EQ(end->totals, expected);
}

TEST(SocketEnd, IsNotTakenFromWhatIsCutOrAnotherMessage) {
    const std::vector<char> whole = notice();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_socket_end(std::span(whole).first(size))) << size;
    std::vector<char> other = whole;
    other[4] = NLMSG_DONE;
    other[5] = 0;
    EXPECT_FALSE(parse_socket_end(other));
    std::vector<char> endless = whole;  // an attribute of length 0
    std::memset(endless.data() + NLMSG_SPACE(sizeof(inet_diag_msg)), 0, 2);
    EXPECT_FALSE(parse_socket_end(endless));
}

struct Pair {
    UniqueFd client;
    UniqueFd server;
};

Pair connected() {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener.get(), any, size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(getsockname(listener.get(), any, &size), 0);
    Pair pair;
    pair.client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(pair.client.get(), any, size), 0);
    pair.server.reset(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return pair;
}

std::uint64_t cookie_of(int fd) {
    return ask_socket(fd, AF_INET, TcpDetails::wanted).cookie;
}

TEST(SocketEndNotices, TellTheFinalFigures) {
    SocketEndNotices ends;
    Pair pair = connected();
    const std::uint64_t cookie = cookie_of(pair.client.get());
    ASSERT_NE(cookie, 0U);
    ends.follow(cookie);
    ends.hear();
    EXPECT_FALSE(ends.totals_of(cookie));
    EXPECT_EQ(send(pair.client.get(), "12345", 5, 0), 5);
    pair.client.reset();
    pair.server.reset();
    const bool told = test::eventually([&] {
        ends.hear();
        return ends.totals_of(cookie).has_value();
    });
    ASSERT_TRUE(told);
    EXPECT_EQ(ends.totals_of(cookie)->bytes_sent, 5U);
    EXPECT_EQ(ends.totals_of(cookie)->bytes_received, 0U) << "the peer's FIN is no byte";
    EXPECT_EQ(ends.totals_of(cookie)->as_of, TcpTotals::AsOf::end);
    ends.forget(cookie);
    EXPECT_FALSE(ends.totals_of(cookie));
}

/// A socket under two numbers ends once.
TEST(SocketEndNotices, AreKeptForAsManyAsFollow) {
    SocketEndNotices ends;
    Pair pair = connected();
    const std::uint64_t cookie = cookie_of(pair.client.get());
    ends.follow(cookie);
    ends.follow(cookie);
    pair = {};
    ASSERT_TRUE(test::eventually([&] {
        ends.hear();
        return ends.totals_of(cookie).has_value();
    }));
    ends.forget(cookie);
    EXPECT_TRUE(ends.totals_of(cookie));
    ends.forget(cookie);
    EXPECT_FALSE(ends.totals_of(cookie));
}

}  // namespace
}  // namespace logfia
