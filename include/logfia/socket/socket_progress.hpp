#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace logfia {

/// The change since the socket was last asked: `connect` when it has got a peer, or another one
/// (datagrams); `listen`. A null description: nothing is known.
std::optional<EventKind> socket_progress(const SocketInfo* before, const SocketInfo* after);

/// False when no further change of the socket would be reported: it is connected for good, or
/// listening.
bool may_still_change(FdType type, const SocketInfo* info);

/// True of a unix socket whose other end stays the same socket for as long as both are described as
/// they are. Datagram sockets can be connected to another one, but not back to one without a name.
bool has_lasting_peer(FdType type, const SocketInfo* info);

/// Keeps the process that was found to have the other end of a unix socket: the socket itself tells
/// only who made that end. Nothing connects it to another nameless peer.
void keep_known_peer(SocketInfo& now, const SocketInfo* before);

/// The description for another process that has the same socket, without a peer that would be that
/// process itself.
std::shared_ptr<const SocketInfo> without_peer(std::int32_t pid,
                                               std::shared_ptr<const SocketInfo> info);

/// The description of a socket whose process has run since the socket was asked: the lack of a peer
/// is no longer certain.
std::shared_ptr<const SocketInfo> outdated(FdType type, std::shared_ptr<const SocketInfo> info);

/// The description of a socket that was closed, by a process that has therefore run since the
/// socket was asked. Of a TCP connection's states only one lasts until the `close`: that the peer
/// has closed its side.
std::shared_ptr<const SocketInfo> as_closed(FdType type, std::shared_ptr<const SocketInfo> info);

/// True of a TCP connection, whose totals are worth asking for.
bool is_tcp_connection(FdType type, const SocketInfo* info);

}  // namespace logfia
