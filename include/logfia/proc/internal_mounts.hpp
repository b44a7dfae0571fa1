#pragma once

#include <cstdint>
#include <optional>

namespace logfia {

/// The mounts of the kernel's own, on which sockets, pipes and objects without a name live: no
/// mountinfo lists them, and nothing on them has a path.
struct InternalMounts {
    std::optional<int> sockets{};
    std::optional<int> pipes{};
    std::optional<int> anonymous{};
    /// Of all anonymous objects that have no inode of their own (anon_inode_getfile(),
    /// fs/anon_inodes.c).
    std::optional<std::uint64_t> shared_inode{};

    /// Learned from descriptors of our own, which `proc_fd` must show as `self`.
    static InternalMounts of_kernel(int proc_fd);

    [[nodiscard]] bool nothing_has_a_path_on(int mount_id) const {
        return mount_id == sockets || mount_id == pipes || mount_id == anonymous;
    }
};

}  // namespace logfia
