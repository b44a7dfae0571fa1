#pragma once

#include <logfia/event/event.hpp>

#include <string_view>

namespace logfia {

/// The little that is known about a socket that cannot be asked itself.
struct SocketHint {
    FdType type = FdType::socket;
    std::string_view family{};  ///< of a type `socket`: `alg`, …; empty: not known; a literal
};

/// The meaning of a value of the extended attribute `system.sockprotoname`: the kernel's `struct
/// proto` name (`TCPv6`, `UNIX-STREAM`). `socket` for any other value, with the family if the name
/// tells it.
SocketHint hint_of_protocol_name(std::string_view name);

/// Reads the attribute `system.sockprotoname` of descriptor `fd` of the process whose directory is
/// `process` below the procfs that is open as `proc_fd`; `socket` when it cannot be read. About 1.2
/// µs; needs our own procfs at `/proc`. If the number no longer belongs to a socket, the call may
/// wait for a filesystem.
SocketHint socket_type_hint(int proc_fd, const char* process, int fd);

}  // namespace logfia
