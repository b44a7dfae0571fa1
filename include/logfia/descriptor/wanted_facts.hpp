#pragma once

namespace logfia {

/// The facts of descriptors that somebody will show or needs later, besides the number, the text of
/// the link and what sockets tell of themselves. The kernel is asked for nothing else: whatever is
/// not wanted may stay absent.
struct WantedFacts {
    /// Of a path: a file, a directory, a device. All other links tell their type themselves.
    bool types = true;
    bool access = true;
    /// Flags, inode, device, size, position, and the lines of fdinfo that belong to one type.
    bool details = true;
    /// To tell one file from another under the same number later (FileIdentity).
    bool identity = true;

    /// True when fdinfo is read even where the link tells the type.
    [[nodiscard]] bool of_each() const { return access || details || identity; }
    [[nodiscard]] bool any() const { return types || of_each(); }
};

}  // namespace logfia
