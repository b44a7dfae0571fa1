#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// Of a TCP socket: its state, with the kernel's own number, from which it is cast (tcpi_state,
/// /proc/net/tcp; include/net/tcp_states.h). Of other sockets: `established` when it has a peer,
/// `listen` when it accepts connections, else `unknown`.
enum class SocketState : std::uint8_t {
    unknown,
    established = 1,
    syn_sent,
    syn_recv,
    fin_wait1,
    fin_wait2,
    time_wait,
    close,
    close_wait,
    last_ack,
    listen,
    closing,
    new_syn_recv,
};

/// vsock(7): a machine (context identifier) and a port.
struct VsockAddress {
    std::uint32_t cid = 0;
    std::uint32_t port = 0;

    bool operator==(const VsockAddress&) const = default;
};

/// Another process, at the other end of a unix socket.
struct PeerProcess {
    std::int32_t pid = 0;
    std::string comm;  ///< any bytes; empty: not known for sure
    /// True: the process made the other end, by connect(2), listen(2) or socketpair(2), and may
    /// have handed it over since. False: the process was seen to have it.
    bool made_by = false;

    bool operator==(const PeerProcess&) const = default;
};

/// The description of a socket, beyond its type.
struct SocketInfo {
    SocketState state = SocketState::unknown;
    std::optional<Endpoint> local;   ///< internet sockets
    std::optional<Endpoint> remote;  ///< internet sockets that have a peer
    std::string path;       ///< unix: bytes; an abstract name begins with `@`; empty: unnamed
    std::string peer_path;  ///< unix: the same of the peer
    std::optional<PeerProcess> peer;  ///< unix: when it is not the process itself
    /// Unix: who made the other end, where `peer` was seen to have it.
    std::optional<PeerProcess> peer_maker;
    std::string_view kind;  ///< unix: `stream`, `dgram` or `seqpacket`; a literal
    std::string protocol;   ///< netlink: `route`, …; packet: the ethertype `0x0003`
    std::optional<std::uint32_t> port_id;    ///< netlink, once it is bound
    std::optional<std::uint32_t> interface;  ///< packet: its index; absent: all of them
    std::string interface_name;              ///< packet, when it can be known
    std::optional<VsockAddress> local_vsock;
    std::optional<VsockAddress> remote_vsock;
    std::string_view family;  ///< of type `socket`: `alg`, `bluetooth`, …; a literal
    /// The socket had no peer when it was last asked, and its process has run since: it may have
    /// connected.
    bool outdated = false;

    bool operator==(const SocketInfo&) const = default;
};

/// TCP's own figures of one connection (struct tcp_info, <linux/tcp.h>).
struct TcpTotals {
    enum class AsOf : std::uint8_t {
        last_look,  ///< the last time that it was asked: once a second, or rarer where there are
                    ///< many
        end,        ///< final: from the kernel's notice of its end
    };
    std::uint64_t bytes_sent = 0;  ///< payload; what was sent again counts once
    /// Payload; a final figure may hold one more, for the end of the peer's stream.
    std::uint64_t bytes_received = 0;
    /// Segments with payload. When `bytes_received` grows and this does not, what came is the end
    /// of the peer's stream alone.
    std::uint64_t data_segments_received = 0;
    std::uint64_t retransmits = 0;  ///< segments
    Duration round_trip{};          ///< smoothed; the kernel counts microseconds
    AsOf as_of = AsOf::last_look;

    bool operator==(const TcpTotals&) const = default;
};

std::string_view to_string(SocketState state);  ///< empty for `unknown`

}  // namespace logfia
