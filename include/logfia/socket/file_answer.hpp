#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/object_info.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace logfia {

/// A file's own account of itself; no part of it is about another file.
struct FileAnswer {
    std::string name;             ///< as the link of a descriptor of it reads; empty: not told
    std::optional<int> mount_id;  ///< since Linux 5.8
    std::uint64_t inode = 0;
    unsigned mode = 0;  ///< st_mode
    unsigned links = 0;
    std::uint64_t size = 0;  ///< bytes
    DeviceNumber device{};
    DeviceNumber special{};  ///< the device itself
    /// A digest of its file handle, which holds the inode's generation (name_to_handle_at(2)).
    std::optional<std::uint64_t> handle;
};

/// Identifies the process whose file is asked about.
struct FileQuestion {
    int fd_dir = -1;     ///< `/proc/N/fd`
    int own_links = -1;  ///< our own one
    bool handle = true;  ///< false: the file's handle is not wanted
};

/// Holds the file that is open at `fd` by O_PATH, which opens nothing, so that closing the result
/// flushes nothing either (open(2)), while no other file can take the place. None, with errno, on
/// failure. The walk through the magic link may wait for the file's filesystem: see MountKind.
UniqueFd hold_file(const FileQuestion& about, int fd);
/// Asks a file that is held by hold_file(). Absent, with errno, when it cannot be asked.
std::optional<FileAnswer> ask_file(const FileQuestion& about, int held);

}  // namespace logfia
