#include <logfia/proc/describer.hpp>
#include <logfia/proc/fd_info.hpp>
#include <logfia/proc/object_info.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kMountTableIdle = std::chrono::seconds(10);
constexpr std::string_view kDeleted = " (deleted)";

struct KindOfLink {
    std::string_view text;
    FdType type;
};

// What follows "anon_inode:" (anon_inode_getfd(), each caller's name).
constexpr std::array kAnonymous{
    KindOfLink{"[eventfd]", FdType::eventfd},
    KindOfLink{"[eventpoll]", FdType::epoll},
    KindOfLink{"inotify", FdType::inotify},
    KindOfLink{"[fanotify]", FdType::fanotify},
    KindOfLink{"[signalfd]", FdType::signalfd},
    KindOfLink{"[timerfd]", FdType::timerfd},
    KindOfLink{"[pidfd]", FdType::pidfd},
    KindOfLink{"[io_uring]", FdType::io_uring},
    KindOfLink{"[userfaultfd]", FdType::userfaultfd},
    KindOfLink{"[perf_event]", FdType::perf_event},
    KindOfLink{"btf", FdType::bpf},
};

// "TEXT:[N]" (proc_pid_fd(5), namespaces(7)); pidfds have a filesystem of their own since 6.9.
constexpr std::array kNumbered{
    KindOfLink{"socket", FdType::socket},   KindOfLink{"pipe", FdType::pipe},
    KindOfLink{"pidfd", FdType::pidfd},     KindOfLink{"cgroup", FdType::name_space},
    KindOfLink{"ipc", FdType::name_space},  KindOfLink{"mnt", FdType::name_space},
    KindOfLink{"net", FdType::name_space},  KindOfLink{"pid", FdType::name_space},
    KindOfLink{"time", FdType::name_space}, KindOfLink{"user", FdType::name_space},
    KindOfLink{"uts", FdType::name_space},
};

template <std::size_t N>
FdType find_kind(const std::array<KindOfLink, N>& kinds, std::string_view text, FdType otherwise) {
    for (const auto& kind : kinds)
        if (kind.text == text) return kind.type;
    return otherwise;
}

FdType anonymous_type(std::string_view text) {
    if (text.starts_with("bpf")) return FdType::bpf;  // bpf-map, bpf-prog, bpf_link, …
    return find_kind(kAnonymous, text, FdType::anon_inode);
}

FdType type_of_mode(unsigned mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return FdType::file;
        case S_IFDIR:
            return FdType::directory;
        case S_IFLNK:
            return FdType::symlink;
        case S_IFBLK:
            return FdType::block;
        case S_IFCHR:
            return FdType::character;
        case S_IFIFO:
            return FdType::fifo;
        case S_IFSOCK:
            return FdType::socket;
        default:
            return FdType::unknown;
    }
}

/// A memfd's link looks like a path in the root directory that was unlinked. What it is not is on
/// any mount of the process's namespace.
bool looks_like_memfd(std::string_view name) {
    return name.starts_with("/memfd:") && name.ends_with(kDeleted);
}

bool has_position(FdType type) {
    return type == FdType::file || type == FdType::block || type == FdType::memfd;
}

template <class... Args>
std::array<char, 32> path_of(fmt::format_string<Args...> format, Args&&... args) {
    std::array<char, 32> path{};
    fmt::format_to_n(path.data(), path.size() - 1, format, std::forward<Args>(args)...);
    return path;
}

/// "WORD:[N]" gives N.
std::optional<std::uint64_t> bracketed_number(std::string_view text, std::string_view word) {
    if (!text.starts_with(word) || !text.substr(word.size()).starts_with(":[")) return std::nullopt;
    text.remove_prefix(word.size() + 2);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || std::string_view(end, text.data() + text.size()) != "]")
        return std::nullopt;
    return number;
}

}  // namespace

bool is_renamed(const NamedFile& before, const NamedFile& after) {
    const FileIdentity& a = before.identity;
    const FileIdentity& b = after.identity;
    if (!before.name.starts_with('/') || !after.name.starts_with('/')) return false;
    if (!a.inode || !a.mount_id || a.inode != b.inode || a.mount_id != b.mount_id) return false;
    if (a.handle && b.handle) return a.handle == b.handle;
    return after.name.ends_with(kDeleted) &&
           after.name.substr(0, after.name.size() - kDeleted.size()) == before.name;
}

FdType type_of_link(std::string_view name) {
    constexpr std::string_view kAnonInode = "anon_inode:";
    if (name.starts_with('/')) return FdType::unknown;
    if (name.starts_with(kAnonInode)) return anonymous_type(name.substr(kAnonInode.size()));
    const auto colon = name.find(":[");
    if (colon == std::string_view::npos) return FdType::unknown;
    return find_kind(kNumbered, name.substr(0, colon), FdType::unknown);
}

std::optional<std::uint64_t> socket_inode(std::string_view name) {
    return bracketed_number(name, "socket");
}

Describer::Describer(const ProcRoot& root) {
    std::array<char, 8192> buffer;
    ttys_ = TtyDrivers(read_file(root.fd(), "tty/drivers", buffer));
    if (!root.native()) return;
    own_mounts_.emplace(MountTable::of_ourselves(root.fd()));
}

void Describer::begin_look(SteadyTime now) {
    now_ = now;
    current_ = nullptr;
    if (mounts_.empty()) return;
    // An open mountinfo keeps its namespace alive.
    std::erase_if(mounts_,
                  [now](const auto& item) { return now - item.second.used > kMountTableIdle; });
}

void Describer::describe(const Process& process, int fd, std::string_view name, Descriptor& out,
                         FileIdentity& identity) {
    out.fd = fd;
    out.name = name;
    out.type = type_of_link(name);
    out.inode = socket_inode(name);

    // Who asks for an epoll's may have to wait: see BlockingAsker.
    if (out.type == FdType::epoll) out.access = Access::read_write;
    const std::string_view bytes =
        out.type == FdType::epoll ? "" : read_info(process, fd, out.type);
    const FdInfo info = parse_fd_info(bytes);
    if (auto object = parse_object_info(out.type, bytes))
        out.object = std::make_shared<const ObjectInfo>(std::move(*object));
    identity = {info.mount_id, info.inode, std::nullopt};
    if (info.inode) out.inode = info.inode;
    if (info.flags) {
        out.flags = *info.flags;
        out.access = access_of(*info.flags);
    }
    if (name.starts_with('/')) {
        const MountEntry mount = info.mount_id ? mount_of(process, *info.mount_id) : MountEntry{};
        if (mount.kind == MountKind::unlisted && looks_like_memfd(name)) {
            out.type = FdType::memfd;
        } else if (mount.kind == MountKind::namespaces) {
            out.type = FdType::name_space;
        } else {
            out.type = (out.flags & O_DIRECTORY) != 0 ? FdType::directory : FdType::file;
            if (mount.kind == MountKind::local) ask_inode(process, fd, out, identity);
        }
    }
    if (has_position(out.type)) out.pos = info.pos;
}

/// What every descriptor has comes first; what an inotify watches follows, a line each.
std::string_view Describer::read_info(const Process& process, int fd, FdType type) {
    constexpr std::size_t kUsual = 1024;
    constexpr std::size_t kWithTargets = 128 * ObjectInfo::kMaxTargets;
    const std::size_t size = has_targets(type) ? kWithTargets : kUsual;
    if (info_.size() < size) info_.resize(size);
    const auto path = path_of("fdinfo/{}", fd);
    return read_file(process.dir(), path.data(), std::span(info_).first(size));
}

void Describer::refresh_object(const Process& process, Descriptor& out) {
    const std::string_view bytes = read_info(process, out.fd, out.type);
    if (bytes.empty()) return;  // it is closed by now
    auto object = parse_object_info(out.type, bytes);
    if (!object) out.object = nullptr;
    if (!object || (out.object && *object == *out.object)) return;
    out.object = std::make_shared<const ObjectInfo>(std::move(*object));
}

/// Only for filesystems that answer from memory: a stat through the link of a file on a dead NFS
/// mount never comes back.
void Describer::ask_inode(const Process& process, int fd, Descriptor& out, FileIdentity& identity) {
    struct statx status {};
    constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_NLINK;
    const auto number = path_of("{}", fd);
    if (statx(process.fd_dir(), number.data(), AT_STATX_DONT_SYNC, kWanted, &status) != 0) return;
    if (identity.inode && *identity.inode != status.stx_ino) return;  // another file by now

    out.type = type_of_mode(status.stx_mode);
    out.inode = status.stx_ino;
    out.device = DeviceNumber{status.stx_dev_major, status.stx_dev_minor};
    out.deleted = status.stx_nlink == 0;
    if (out.type == FdType::file) out.size = status.stx_size;
    if (out.type == FdType::character &&
        ttys_.contains({status.stx_rdev_major, status.stx_rdev_minor})) {
        out.type = FdType::tty;
    }
    if (!identity.inode) identity.inode = status.stx_ino;
    if (out.type == FdType::file || out.type == FdType::directory)
        identity.handle = handle_of(process, number.data());
}

std::optional<std::uint64_t> Describer::handle_of(const Process& process, const char* number) {
    union {
        file_handle head;
        char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
    } handle{};
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    int mount_id = 0;
    if (name_to_handle_at(process.fd_dir(), number, &handle.head, &mount_id, AT_SYMLINK_FOLLOW) !=
        0)
        return std::nullopt;
    // FNV-1a; the type and the length are a part of it.
    std::uint64_t digest = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i < sizeof(file_handle) + handle.head.handle_bytes; ++i)
        digest = (digest ^ static_cast<unsigned char>(handle.bytes[i])) * 0x100000001b3U;
    return digest;
}

MountEntry Describer::mount_of(const Process& process, int mount_id) {
    if (current_ != &process) {
        current_table_ = &table_of(process);
        current_ = &process;
    }
    const MountEntry entry = current_table_->table.find(mount_id);
    if (entry.kind != MountKind::unlisted || !own_mounts_) return entry;
    own_mounts_->refresh();
    return own_mounts_->find(mount_id);
}

Describer::HeldTable& Describer::table_of(const Process& process) {
    char link[64];
    const ssize_t length = readlinkat(process.dir(), "ns/mnt", link, sizeof link);
    const auto mount_namespace =
        length > 0 ? bracketed_number({link, static_cast<std::size_t>(length)}, "mnt")
                   : std::nullopt;
    // A tree without namespaces: the process is its own.
    const std::uint64_t key = mount_namespace.value_or((std::uint64_t{1} << 63) |
                                                       static_cast<std::uint32_t>(process.pid()));
    auto at = mounts_.find(key);
    if (at == mounts_.end()) {
        at = mounts_.emplace(key, HeldTable{MountTable::open(process.dir()), now_}).first;
    }
    at->second.table.refresh();
    at->second.used = now_;
    return at->second;
}

}  // namespace logfia
