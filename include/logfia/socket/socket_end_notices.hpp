#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/socket_info.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

namespace logfia {

/// The kernel's notice that a TCP socket has ceased to exist.
struct SocketEnd {
    std::uint64_t cookie = 0;  ///< SO_COOKIE
    /// The kernel's count: if the peer has closed its side, that adds one to the bytes received.
    TcpTotals totals;
};

/// A netlink message of the multicast groups SKNLGRP_INET_TCP_DESTROY and its IPv6 like
/// (<linux/sock_diag.h>, sock_diag(7)); absent for any other, and for a cut one.
std::optional<SocketEnd> parse_socket_end(std::span<const char> message);

/// Listens for the ends of TCP sockets of our own network namespace, those of others too, and keeps
/// the figures of those that are followed. Where the kernel refuses, or has more to tell than its
/// buffer holds, nothing is known.
class SocketEndNotices {
  public:
    /// Follows a socket until forget() has been called as often. The first call begins to listen.
    void follow(std::uint64_t cookie);
    void forget(std::uint64_t cookie);
    /// Reads the notices that have come; never waits.
    void hear();
    /// The final figures, once they have come.
    [[nodiscard]] std::optional<TcpTotals> totals_of(std::uint64_t cookie) const;

  private:
    struct Followed {
        std::uint32_t count = 0;
        std::optional<TcpTotals> totals;
    };

    bool begun_ = false;
    UniqueFd socket_;
    std::unordered_map<std::uint64_t, Followed> followed_;  // by cookie
};

}  // namespace logfia
