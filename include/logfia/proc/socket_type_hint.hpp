#pragma once

#include <logfia/event/event.hpp>

#include <string_view>

namespace logfia {

/// What is known of a socket that is not asked itself.
struct SocketHint {
    FdType type = FdType::socket;
    std::string_view family{};  ///< of a type `socket`: `alg`, …; empty: not known; a literal
};

/// What the value of the extended attribute `system.sockprotoname` means: the kernel's `struct
/// proto` name (`TCPv6`, `UNIX-STREAM`). `socket` for every other one.
SocketHint hint_of_protocol_name(std::string_view name);

/// Asks for that attribute of descriptor `number` of the process whose `/proc/N/fd` is open as
/// `fd_dir`; `socket` when it cannot be told. About 1.2 µs; needs our own procfs at `/proc`. Only
/// for a descriptor whose link says `socket:`: a walk to a file could wait for its filesystem.
SocketHint socket_type_hint(int fd_dir, const char* number);

}  // namespace logfia
