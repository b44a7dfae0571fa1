#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace logfia {

/// The change since the socket was asked before: `connect` when it has got a peer, or another one
/// (datagrams); `listen`. Null: nothing was known.
std::optional<EventKind> socket_progress(const SocketInfo* before, const SocketInfo* after);

/// False when nothing more can come of it that a record would tell: it is connected for good, or it
/// listens.
bool may_still_change(FdType type, const SocketInfo* info);

/// The description for another process that has the socket too, and is no peer of itself.
std::shared_ptr<const SocketInfo> without_peer(std::int32_t pid,
                                               std::shared_ptr<const SocketInfo> info);

/// The description of a socket whose process has run since it was asked: that there was no peer
/// is no fact any more.
std::shared_ptr<const SocketInfo> outdated(FdType type, std::shared_ptr<const SocketInfo> info);

/// True of a TCP connection, whose totals are worth asking for.
bool is_tcp_connection(FdType type, const SocketInfo* info);

}  // namespace logfia
