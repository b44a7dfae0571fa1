#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

/// The lines of `/proc/N/fdinfo/FD` that every descriptor has (proc_pid_fdinfo(5)).
struct FdInfo {
    std::optional<std::int64_t> pos;     ///< bytes
    std::optional<std::uint32_t> flags;  ///< open(2) flags as the kernel holds them (O_CLOEXEC too)
    std::optional<int> mount_id;         ///< the first field of a row of mountinfo
    std::optional<std::uint64_t> inode;  ///< since Linux 5.14

    bool operator==(const FdInfo&) const = default;
};

/// `bytes` may be cut anywhere: a line without its newline is not trusted. The first line with a
/// key counts, since what drivers append may hold a stranger's text.
FdInfo parse_fd_info(std::string_view bytes);

/// How a descriptor with these flags may be used; `unknown` for the access mode 3 (ioctl only).
Access access_of(std::uint32_t flags);

}  // namespace logfia
