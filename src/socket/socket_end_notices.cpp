#include <logfia/socket/socket_answer.hpp>
#include <logfia/socket/socket_end_notices.hpp>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace logfia {
namespace {

constexpr int kMostAtOnce = 10'000;  // notices
constexpr int kBuffer = 1 << 20;  // bytes; without the right to more, net.core.rmem_max is the most

std::uint32_t bit_of(int group) {
    return std::uint32_t{1} << (group - 1);
}

/// The payload of an attribute of this type; empty when there is none.
std::span<const char> attribute(std::span<const char> attributes, std::uint16_t type) {
    while (attributes.size() >= sizeof(rtattr)) {
        rtattr head{};
        std::memcpy(&head, attributes.data(), sizeof head);
        if (head.rta_len < sizeof head || head.rta_len > attributes.size()) break;
        if (head.rta_type == type)
            return attributes.subspan(RTA_LENGTH(0), head.rta_len - RTA_LENGTH(0));
        attributes =
            attributes.subspan(std::min<std::size_t>(RTA_ALIGN(head.rta_len), attributes.size()));
    }
    return {};
}

UniqueFd listen_for_ends() {
    UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = bit_of(SKNLGRP_INET_TCP_DESTROY) | bit_of(SKNLGRP_INET6_TCP_DESTROY);
    if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return {};
    if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0)
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
    return fd;
}

}  // namespace

std::optional<SocketEnd> parse_socket_end(std::span<const char> message) {
    nlmsghdr head{};
    inet_diag_msg body{};
    if (message.size() < NLMSG_SPACE(sizeof body)) return std::nullopt;
    std::memcpy(&head, message.data(), sizeof head);
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len > message.size() ||
        head.nlmsg_len < NLMSG_SPACE(sizeof body))
        return std::nullopt;
    std::memcpy(&body, message.data() + NLMSG_HDRLEN, sizeof body);
    const auto attributes = message.first(head.nlmsg_len).subspan(NLMSG_SPACE(sizeof body));
    const auto info = attribute(attributes, INET_DIAG_INFO);
    const auto totals = tcp_totals_of({info.data(), info.size()}, SocketState::close);
    if (!totals) return std::nullopt;
    SocketEnd end;
    end.cookie = (std::uint64_t{body.id.idiag_cookie[1]} << 32) | body.id.idiag_cookie[0];
    end.totals = *totals;
    end.totals.as_of = TcpTotals::AsOf::end;
    return end;
}

void SocketEndNotices::follow(std::uint64_t cookie) {
    if (!begun_) socket_ = listen_for_ends();
    begun_ = true;
    if (socket_) ++followed_[cookie].count;
}

void SocketEndNotices::forget(std::uint64_t cookie) {
    const auto known = followed_.find(cookie);
    if (known != followed_.end() && --known->second.count == 0) followed_.erase(known);
}

void SocketEndNotices::hear() {
    if (!socket_) return;
    std::array<char, 4096> buffer;
    bool overflowed = false;
    for (int left = kMostAtOnce; left > 0; --left) {
        const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        // Notices were lost, but others follow. If notices are lost twice, they come faster than we
        // read.
        if (got < 0 && errno == ENOBUFS && !std::exchange(overflowed, true)) continue;
        if (got <= 0) return;
        const auto end = parse_socket_end({buffer.data(), static_cast<std::size_t>(got)});
        if (!end) continue;
        const auto known = followed_.find(end->cookie);
        if (known != followed_.end()) known->second.totals = end->totals;
    }
}

std::optional<TcpTotals> SocketEndNotices::totals_of(std::uint64_t cookie) const {
    const auto known = followed_.find(cookie);
    return known == followed_.end() ? std::nullopt : known->second.totals;
}

}  // namespace logfia
