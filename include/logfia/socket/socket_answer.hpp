#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace logfia {

/// A socket's own account of itself.
struct SocketAnswer {
    FdType type = FdType::socket;
    SocketInfo info;                  ///< `peer`: whoever it is, without its `comm`
    std::optional<TcpTotals> totals;  ///< of a TCP connection
    std::uint64_t cookie = 0;         ///< of a TCP socket, where it is asked for (SO_COOKIE)
    /// True when the socket may have a peer although none is shown: a peer whose port is 0 appears
    /// only in the tables, since getpeername(2) and SO_PEERNAME take it for no peer
    /// (inet_getname(), net/ipv4/af_inet.c).
    bool peer_may_be_hidden = false;
    std::string zone{};  ///< of a hidden peer: the interface that the IPv6 socket is bound to
};

enum class TcpDetails : std::uint8_t { left_out, wanted };

/// Asks a socket of ours, or a duplicate of another process's: about 1 µs. Changes nothing about
/// the socket. What cannot be learned stays absent; `type` is `socket` for anything else. `domain`
/// is the socket's (SO_DOMAIN, socket(7)).
///
/// For an internet socket the call takes the socket's lock: if the owner is sending from memory
/// that is not there (a mapped file of a dead server), the call waits until the memory arrives.
SocketAnswer ask_socket(int fd, int domain, TcpDetails tcp);

/// The peer has closed its side: the kernel counts the end of the stream as one more byte received
/// (tcp_fin(), net/ipv4/tcp_input.c).
bool has_seen_the_end(SocketState state);

/// The kernel's account of a TCP connection.
struct TcpStatus {
    SocketState state = SocketState::unknown;
    std::optional<TcpTotals> totals;  ///< absent when it has not begun
};
/// Absent when the socket is not a TCP socket.
std::optional<TcpStatus> ask_tcp_status(int fd);

/// The totals in a struct tcp_info of which `size` bytes were told; absent when the connection has
/// not begun.
/// `info` is aligned as the kernel's struct is.
struct TcpInfoBytes {
    const void* info;
    std::size_t size;
};
std::optional<TcpTotals> tcp_totals_of(TcpInfoBytes bytes, SocketState state);

/// The process `pid` that made the other end of a unix socket (ask_socket()), as long as it is
/// certain that the process still has its PID: `comm` is read below `proc_fd`, our own procfs.
/// Where the kernel cannot tell (before Linux 6.5), `comm` stays empty. Absent when the process has
/// ended.
std::optional<PeerProcess> unix_peer(int fd, std::int32_t pid, int proc_fd);

}  // namespace logfia
