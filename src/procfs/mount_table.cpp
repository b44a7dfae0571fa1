#include <logfia/base/fields.hpp>
#include <logfia/base/line_reader.hpp>
#include <logfia/procfs/mount_table.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace logfia {
namespace {

constexpr std::array<std::string_view, 41> kLocal{
    "bcachefs", "binfmt_misc", "bpf",        "btrfs",     "cgroup",  "cgroup2",  "configfs",
    "debugfs",  "devpts",      "devtmpfs",   "efivarfs",  "erofs",   "exfat",    "ext2",
    "ext3",     "ext4",        "f2fs",       "hugetlbfs", "iso9660", "jfs",      "mqueue",
    "msdos",    "nilfs2",      "ntfs3",      "proc",      "pstore",  "ramfs",    "reiserfs",
    "resctrl",  "rootfs",      "securityfs", "selinuxfs", "smackfs", "squashfs", "sysfs",
    "tmpfs",    "tracefs",     "udf",        "vfat",      "xfs",     "zfs"};
constexpr std::array<std::string_view, 12> kRemote{"9p",    "afs",     "ceph",  "cifs",
                                                   "fuse",  "fuseblk", "nfs",   "nfs4",
                                                   "ocfs2", "smb3",    "smbfs", "virtiofs"};
static_assert(std::is_sorted(kLocal.begin(), kLocal.end()));
static_assert(std::is_sorted(kRemote.begin(), kRemote.end()));

std::optional<DeviceNumber> parse_device(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto major = parse_number<std::uint32_t>(text.substr(0, colon));
    const auto minor = parse_number<std::uint32_t>(text.substr(colon + 1));
    if (!major || !minor) return std::nullopt;
    return DeviceNumber{*major, *minor};
}

/// The kind that mount_kind() gives for the filesystem's name. Only filesystems that a chroot is
/// likely to be on.
MountKind kind_by_magic(std::uint64_t magic) {
    switch (magic) {
        case EXT4_SUPER_MAGIC:  // of ext2 and ext3 too
        case BTRFS_SUPER_MAGIC:
        case F2FS_SUPER_MAGIC:
        case TMPFS_MAGIC:
        case XFS_SUPER_MAGIC:
            return MountKind::local;
        default:
            return MountKind::unknown;
    }
}

/// To be asked only at the start, while the filesystem is sure to answer: logfia has just been read
/// from it.
std::optional<MountEntry> own_root() {
    struct statx status {};
    struct statfs filesystem {};
    if (::statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &status) != 0 ||
        (status.stx_mask & STATX_MNT_ID) == 0 || ::statfs("/", &filesystem) != 0)
        return std::nullopt;  // a kernel before 5.8
    return MountEntry{static_cast<int>(status.stx_mnt_id),
                      kind_by_magic(static_cast<std::uint64_t>(filesystem.f_type)),
                      {status.stx_dev_major, status.stx_dev_minor}};
}

bool by_id(const MountEntry& left, const MountEntry& right) {
    return left.id < right.id;
}

}  // namespace

MountKind mount_kind(std::string_view type) {
    if (type == "nsfs") return MountKind::namespaces;
    if (std::binary_search(kLocal.begin(), kLocal.end(), type)) return MountKind::local;
    // "fuse.sshfs": a subtype follows the dot, and only FUSE has subtypes.
    const auto base = type.substr(0, type.find('.'));
    if (std::binary_search(kRemote.begin(), kRemote.end(), base)) return MountKind::remote;
    return MountKind::unknown;
}

// "36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw": any number of optional
// fields stand before the dash. Spaces within a field are written as \040.
std::optional<MountEntry> parse_mount_row(std::string_view row) {
    const auto id = parse_number<int>(next_field(row));
    const auto parent = parse_number<int>(next_field(row));
    const auto device = parse_device(next_field(row));
    if (!id || *id < 0 || !parent || !device) return std::nullopt;
    for (int skipped = 0; skipped < 3; ++skipped) {  // root, mount point, options
        if (next_field(row).empty()) return std::nullopt;
    }
    for (auto field = next_field(row); field != "-"; field = next_field(row)) {
        if (field.empty()) return std::nullopt;
    }
    const auto type = next_field(row);
    if (type.empty() || row.empty()) return std::nullopt;  // without what follows: maybe cut
    return MountEntry{*id, mount_kind(type), *device};
}

MountTable::MountTable(UniqueFd mountinfo) : mountinfo_(std::move(mountinfo)) {}

MountTable MountTable::open(int proc_dir_fd) {
    return MountTable(UniqueFd(::openat(proc_dir_fd, "mountinfo", O_RDONLY | O_CLOEXEC)));
}

MountTable MountTable::of_ourselves(int proc_root_fd) {
    MountTable table(UniqueFd(::openat(proc_root_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC)));
    table.root_ = own_root();
    return table;
}

void MountTable::refresh() {
    if (!mountinfo_) return;
    // Poll first: the poll acknowledges a change, so that a change during the reading is reported
    // by the next poll.
    const bool stale = changed();
    if (stale || !loaded_) read();
}

MountEntry MountTable::find(int id) const {
    const MountEntry wanted{id, MountKind::unlisted, {}};
    const auto [first, last] = std::equal_range(entries_.begin(), entries_.end(), wanted, by_id);
    if (first == last) return wanted;
    // Two entries: the id went to another mount during the reading.
    if (last - first > 1) return {id, MountKind::unknown, {}};
    return *first;
}

bool MountTable::changed() {
    pollfd poll_fd{mountinfo_.get(), POLLPRI, 0};
    return ::poll(&poll_fd, 1, 0) != 0 && (poll_fd.revents & (POLLPRI | POLLERR)) != 0;
}

void MountTable::read() {
    entries_.clear();
    ++times_read_;
    loaded_ = ::lseek(mountinfo_.get(), 0, SEEK_SET) == 0;
    if (!loaded_) return;
    LineReader reader;
    reader.start(mountinfo_.get());
    while (const auto row = reader.next()) {
        if (const auto entry = parse_mount_row(*row)) {
            entries_.push_back(*entry);
        } else {
            ++rows_skipped_;
        }
    }
    rows_skipped_ += reader.dropped();
    loaded_ = !reader.failed();
    if (!loaded_) entries_.clear();
    std::stable_sort(entries_.begin(), entries_.end(), by_id);
    if (!loaded_ || !root_) return;
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), *root_, by_id);
    if (at == entries_.end() || at->id != root_->id) entries_.insert(at, *root_);
}

}  // namespace logfia
