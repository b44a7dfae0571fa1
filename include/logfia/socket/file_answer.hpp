#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/object_info.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace logfia {

/// A file's own account of itself; nothing in it is about another file.
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

/// The process whose file it is.
struct FileQuestion {
    int fd_dir = -1;     ///< `/proc/N/fd`
    int own_links = -1;  ///< our own one
};

/// Holds the file that is open at `fd` by O_PATH: nothing is opened by that, so that closing it
/// does not flush either (open(2)), and no other file can come in between. None, with errno, when
/// that fails. The walk through the magic link may wait for the file's filesystem: see MountKind.
UniqueFd hold_file(const FileQuestion& about, int fd);
/// Asks a file that is held so. Absent, with errno, when it cannot be asked.
std::optional<FileAnswer> ask_file(const FileQuestion& about, int held);

}  // namespace logfia
