#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/object_info.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace logfia {

/// What a file says of itself, all of it about one and the same.
struct FileAnswer {
    std::string name;             ///< as the link of a descriptor of it reads; empty: not told
    std::optional<int> mount_id;  ///< since Linux 5.8
    std::uint64_t inode = 0;
    unsigned mode = 0;  ///< st_mode
    unsigned links = 0;
    std::uint64_t size = 0;  ///< bytes
    DeviceNumber device{};
    DeviceNumber special{};  ///< which device it is
    /// A digest of its file handle, which holds the inode's generation (name_to_handle_at(2)).
    std::optional<std::uint64_t> handle;
};

/// Whose file it is, and how it is asked.
struct FileQuestion {
    enum class How : std::uint8_t {
        /// It is held by O_PATH meanwhile: nothing of it is opened, so that closing does not flush
        /// either (open(2)), and no other file can come in between.
        held,
        /// Without its name, and each question by itself: for a process that sleeps.
        in_passing,
    };
    int fd_dir = -1;     ///< `/proc/N/fd`
    int own_links = -1;  ///< the same of our own
    How how = How::held;
};

/// Asks the file that is open at `fd`. Gives what holds it, where it is held; the result is false,
/// with errno, when it cannot be asked.
///
/// The walk through the magic link may wait for the file's filesystem: see MountKind.
bool ask_file(const FileQuestion& about, int fd, FileAnswer& answer, UniqueFd& held);

}  // namespace logfia
