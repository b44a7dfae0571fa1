#include <logfia/base/deleted_suffix.hpp>
#include <logfia/descriptor/file_facts.hpp>
#include <logfia/descriptor/link_text.hpp>
#include <logfia/procfs/object_info.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/source/seccomp/descriptor_reader.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <memory>
#include <utility>

namespace logfia {
namespace {

/// Within this time no mount is taken for another one that has got its number. Whoever may mount a
/// filesystem whose server could keep a stat(2) waiting is trusted so far: AT_STATX_DONT_SYNC asks
/// nothing of FUSE.
constexpr Duration kMountsLast = std::chrono::milliseconds(10);

/// The flags of open(2) that the call was given; absent when they are in memory, or for a call
/// without any.
std::optional<std::uint32_t> open_flags(const CallEntry& entry) {
    if (!entry.args_known) return std::nullopt;
    const auto arg = [&](std::size_t i) { return static_cast<std::uint32_t>(entry.args[i]); };
    switch (entry.call) {
        case Call::open:
        case Call::mq_open:
            return arg(1);
        case Call::openat:
        case Call::open_by_handle_at:
            return arg(2);
        case Call::creat:
            return O_WRONLY;
        default:
            return std::nullopt;
    }
}

/// The flags of a new socket (SOCK_NONBLOCK and SOCK_CLOEXEC, socket(2)); absent when the call was
/// none that makes sockets.
std::optional<std::uint32_t> socket_flags(const CallEntry& entry) {
    if (!entry.args_known) return std::nullopt;
    switch (entry.call) {
        case Call::socket:
        case Call::socketpair:
            return O_RDWR |
                   (static_cast<std::uint32_t>(entry.args[1]) & (SOCK_NONBLOCK | SOCK_CLOEXEC));
        case Call::accept4:
            return O_RDWR |
                   (static_cast<std::uint32_t>(entry.args[3]) & (SOCK_NONBLOCK | SOCK_CLOEXEC));
        case Call::accept:
            return O_RDWR;
        default:
            return std::nullopt;
    }
}
static_assert(SOCK_NONBLOCK == O_NONBLOCK && SOCK_CLOEXEC == O_CLOEXEC);

/// `../fdinfo/7`: below `/proc/N/fd`.
ProcPath info_path(int fd) {
    ProcPath path{'.', '.', '/'};
    const ProcPath below = fd_info_path(fd);
    std::copy(below.begin(), below.end() - 3, path.begin() + 3);
    return path;
}

/// Asks the file for what it knows without its server, if there is one.
std::optional<FileAnswer> ask_local_file(int fd_dir, int fd) {
    struct statx status {};
    if (statx(fd_dir, fd_path(fd).data(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0)
        return std::nullopt;
    FileAnswer answer;
    answer.inode = status.stx_ino;
    answer.mode = status.stx_mode;
    answer.links = status.stx_nlink;
    answer.size = status.stx_size;
    answer.device = {status.stx_dev_major, status.stx_dev_minor};
    answer.special = {status.stx_rdev_major, status.stx_rdev_minor};
    if ((status.stx_mask & STATX_MNT_ID) != 0)
        answer.mount_id = static_cast<int>(status.stx_mnt_id);
    return answer;
}

}  // namespace

DescriptorReader::DescriptorReader(const ProcRoot& root, WantedFacts wanted)
    : wanted_(wanted), mounts_(root), internal_(InternalMounts::of_kernel(root.fd())) {
    std::array<char, 8192> buffer;
    ttys_ = TtyDrivers(read_file(root.fd(), "tty/drivers", buffer));
}

bool DescriptorReader::needs_process(std::string_view link) const {
    return (wanted_.types || wanted_.details) && link.starts_with('/');
}

Descriptor DescriptorReader::read(const Process* process, int fd_dir, int fd, std::string_view link,
                                  const CallEntry* entry, SteadyTime now) {
    Descriptor out;
    out.fd = fd;
    out.name = link;
    out.type = type_of_link(link);
    out.inode = socket_inode(link);
    if (link == kUnreadableLink || link.empty()) return out;
    if (out.type == FdType::socket) {
        out.access = Access::read_write;
        const auto flags = entry != nullptr ? socket_flags(*entry) : std::nullopt;
        if (flags) out.flags = *flags;
        if (wanted_.details && !flags) add_info(process, fd_dir, out, now);
        return out;
    }
    // An epoll's owner could keep us waiting (BlockingAsker).
    if (out.type == FdType::epoll) {
        out.access = Access::read_write;
        return out;
    }
    if (wanted_.details || (wanted_.types && link.starts_with('/')))
        add_info(process, fd_dir, out, now);
    if (wanted_.access && out.access == Access::unknown) add_access(fd_dir, entry, out);
    return out;
}

void DescriptorReader::add_info(const Process* process, int fd_dir, Descriptor& out,
                                SteadyTime now) {
    const std::string_view bytes = read_info(fd_dir, out.fd, out.type);
    const FdInfo info = parse_fd_info(bytes);
    const auto number = bracketed_number(out.name);
    if (!info.flags || (number && info.inode && *number != *info.inode)) return;
    out.flags = *info.flags;
    out.access = access_of(*info.flags);
    if (info.inode) out.inode = info.inode;
    if (auto object = parse_object_info(out.type, bytes))
        out.object = std::make_shared<const ObjectInfo>(std::move(*object));
    if (out.name.starts_with('/')) add_file(process, fd_dir, info, out, now);
    if (is_in(out.type, FdGroup::position)) out.pos = info.pos;
}

void DescriptorReader::add_file(const Process* process, int fd_dir, const FdInfo& info,
                                Descriptor& out, SteadyTime now) {
    if (info.mount_id && info.mount_id == internal_.memory) {
        out.type = type_of_unmounted(out.name);
        if (out.type == FdType::unknown) out.type = type_by_info(out.name, info);
        return;
    }
    if (process == nullptr || !info.mount_id) {
        out.type = type_unasked(MountKind::unknown, out.name, info);
        return;
    }
    if (now - mounts_checked_ >= kMountsLast) mounts_.begin_look(mounts_checked_ = now);
    const MountKind kind = mounts_.find(*process, *info.mount_id).kind;
    out.type = type_unasked(kind, out.name, info);
    if (kind != MountKind::local) return;
    const auto file = ask_local_file(fd_dir, out.fd);
    if (!file || (info.inode && file->inode != *info.inode) ||
        (file->mount_id && *file->mount_id != *info.mount_id))
        return;
    add_file_facts(*file, ttys_, out);
}

/// The mode of the link tells how the file is open, at a third of the price of fdinfo
/// (tid_fd_update_inode(), fs/proc/fd.c).
void DescriptorReader::add_access(int fd_dir, const CallEntry* entry, Descriptor& out) {
    if (const auto flags = entry != nullptr ? open_flags(*entry) : std::nullopt) {
        out.access = access_of(*flags);
        return;
    }
    struct stat link {};
    if (fstatat(fd_dir, fd_path(out.fd).data(), &link, AT_SYMLINK_NOFOLLOW) != 0) return;
    const bool reads = (link.st_mode & S_IRUSR) != 0;
    const bool writes = (link.st_mode & S_IWUSR) != 0;
    out.access = reads && writes ? Access::read_write
                 : reads         ? Access::read
                 : writes        ? Access::write
                                 : Access::path;
}

std::shared_ptr<const ObjectInfo> DescriptorReader::read_object(int fd_dir, int fd, FdType type) {
    auto object = parse_object_info(type, read_info(fd_dir, fd, type));
    return object ? std::make_shared<const ObjectInfo>(std::move(*object)) : nullptr;
}

std::string_view DescriptorReader::read_info(int fd_dir, int fd, FdType type) {
    constexpr std::size_t kUsual = 1024;
    constexpr std::size_t kWithTargets = 128 * ObjectInfo::kMaxTargets;
    const std::size_t size = is_in(type, FdGroup::targets) ? kWithTargets : kUsual;
    if (info_.size() < size) info_.resize(size);
    return read_piece(fd_dir, info_path(fd).data(), {info_.data(), size});
}

}  // namespace logfia
