#pragma once

#include <logfia/event/descriptor.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

/// Tells one file from another at the same number, whether under another name or the same name.
struct FileIdentity {
    std::optional<int> mount_id;
    std::optional<std::uint64_t> inode;
    /// A digest of its file handle, which holds the inode's generation (name_to_handle_at(2)): an
    /// inode number may be given to another file at once.
    std::optional<std::uint64_t> handle;
    /// The flags that stay as they were when it was opened (fixed_flags()).
    std::optional<std::uint32_t> flags{};
};

/// The flags that neither F_SETFL nor F_SETFD of fcntl(2) can change.
std::uint32_t fixed_flags(std::uint32_t flags);

/// True when the two cannot be one open file.
bool contradict(const FileIdentity& a, const FileIdentity& b);

/// A file under the name that it had.
struct NamedFile {
    std::string_view name;
    FileIdentity identity;
};

/// True when the two are, as far as anybody can tell, one file that has a new name: the same inode
/// on the same mount. After a lazy unmount, below an overlay, and seen from another mount
/// namespace, the name may change in any way.
bool is_renamed(const NamedFile& before, const NamedFile& after);

/// Fills in what was known of a file before its name changed, where the file can no longer be asked
/// because its mount is gone.
void keep_what_was_known(const Descriptor& before, Descriptor& after);

}  // namespace logfia
