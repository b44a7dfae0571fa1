#pragma once

#include <logfia/event/event.hpp>

#include <string_view>

namespace logfia {

/// The little that is known of a socket that is not asked itself.
struct SocketHint {
    FdType type = FdType::socket;
    std::string_view family{};  ///< of a type `socket`: `alg`, …; empty: not known; a literal
};

/// The meaning of a value of the extended attribute `system.sockprotoname` means: the kernel's
/// `struct proto` name (`TCPv6`, `UNIX-STREAM`). `socket` for every other one, with its family
/// where the name tells that.
SocketHint hint_of_protocol_name(std::string_view name);

/// Asks for that attribute of descriptor `fd` of the process whose directory is `process` below the
/// procfs that is open as `proc_fd`; `socket` when it cannot be told. About 1.2 µs; needs our own
/// procfs at `/proc`. Where the number is not a socket's any more, it may wait for a filesystem.
SocketHint socket_type_hint(int proc_fd, const char* process, int fd);

}  // namespace logfia
