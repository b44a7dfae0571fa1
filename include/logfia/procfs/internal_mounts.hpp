#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace logfia {

/// The mounts of the kernel's own, on which sockets, pipes and objects without a name live: no
/// mountinfo lists them.
struct InternalMounts {
    /// Mounts of sockets, pipes, anonymous objects, pidfds and namespaces: nothing there has a
    /// path.
    std::array<std::optional<int>, 5> nameless{};
    std::optional<int> anonymous{};
    /// The mount of memfds and shared memory: a tmpfs, which answers by itself. All names there are
    /// ` (deleted)`.
    std::optional<int> memory{};

    /// Learned from descriptors of our own, which `proc_fd` must show as `self`.
    static InternalMounts of_kernel(int proc_fd);

    [[nodiscard]] bool nothing_has_a_path_on(int mount_id) const {
        return std::find(nameless.begin(), nameless.end(), mount_id) != nameless.end();
    }
};

/// The inode of all anonymous objects that have none of their own (anon_inode_getfile(),
/// fs/anon_inodes.c); absent when it cannot be learned.
std::optional<std::uint64_t> shared_anonymous_inode();

}  // namespace logfia
