#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/event.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// Whether a stat(2) of an open file on this mount can wait for somebody else. Only `local` and
/// `namespaces` may be asked.
///
/// A walk through the magic link `/proc/N/fd/FD` ends in complete_walk() (fs/namei.c), which calls
/// the filesystem's d_weak_revalidate; NFS and 9p implement that by asking their server, and
/// overlayfs passes revalidation on to its layers, whichever they are. FUSE asks its daemon for the
/// attributes. So `local` is a list of filesystems that are known to answer by themselves, and no
/// other one is trusted.
enum class MountKind : std::uint8_t {
    unlisted,    ///< not in the table: do not touch
    unknown,     ///< a filesystem that nothing is known of: do not touch
    local,       ///< answers by itself
    remote,      ///< known to ask a server or a daemon: do not touch
    namespaces,  ///< nsfs: answers by itself, and its files are namespaces
};

MountKind mount_kind(std::string_view filesystem_type);

struct MountEntry {
    int id = -1;
    MountKind kind = MountKind::unlisted;
    /// Of the superblock. What stat(2) says differs on btrfs, where each subvolume has its own.
    DeviceNumber device{};

    bool operator==(const MountEntry&) const = default;
};

/// A row of `/proc/N/mountinfo` (proc_pid_mountinfo(5)); absent when it is malformed or cut.
std::optional<MountEntry> parse_mount_row(std::string_view row);

/// The mounts of one mount namespace, by the `mnt_id` that fdinfo shows.
///
/// Mount ids are reused as soon as they are free, so an outdated table may give wrong answers.
/// mounts_poll() (fs/proc_namespace.c) reports POLLERR|POLLPRI on an open mountinfo once after each
/// change of the namespace: refresh() costs one poll(2) while nothing changes.
class MountTable {
  public:
    /// Takes an open `mountinfo`, or nothing: then every mount is unlisted.
    explicit MountTable(UniqueFd mountinfo);
    /// The namespace of the process whose directory this is; when its mountinfo cannot be opened,
    /// every mount is unlisted.
    static MountTable open(int proc_dir_fd);
    /// Our own namespace. In a chroot(2) whose root is no mount point, the mount below it is in no
    /// mountinfo that is seen from within (show_mountinfo(), fs/proc_namespace.c): it is added.
    static MountTable of_ourselves(int proc_root_fd);

    /// Once a look, before find(). Reads the table when it was never read or has changed; when
    /// reading fails, every mount is unlisted until the next refresh() tries again.
    void refresh();
    /// `unlisted` when the table has no such mount, `unknown` when it cannot say which one it is.
    [[nodiscard]] MountEntry find(int id) const;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::uint64_t rows_skipped() const { return rows_skipped_; }
    /// How often the table was read; grows only when the namespace changes.
    [[nodiscard]] std::uint64_t times_read() const { return times_read_; }

  private:
    bool changed();
    void read();

    UniqueFd mountinfo_;
    std::optional<MountEntry> root_;   ///< to be added when it is not listed
    std::vector<MountEntry> entries_;  ///< ascending ids
    bool loaded_ = false;
    std::uint64_t rows_skipped_ = 0;
    std::uint64_t times_read_ = 0;
};

}  // namespace logfia
