#include <logfia/descriptor/file_facts.hpp>

#include <fcntl.h>
#include <sys/stat.h>

namespace logfia {
namespace {

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

}  // namespace

FdType likely_type(std::string_view name) {
    return name.starts_with("/dev/") ? FdType::unknown : FdType::file;
}

FdType type_by_info(std::string_view name, const FdInfo& info) {
    constexpr std::uint32_t kTemporary = O_TMPFILE & ~O_DIRECTORY;
    const std::uint32_t flags = info.flags.value_or(0);
    if ((flags & kTemporary) != 0) return FdType::file;
    if ((flags & O_DIRECTORY) != 0) return FdType::directory;
    return info.pos.value_or(0) > 0 ? likely_type(name) : FdType::unknown;
}

FdType type_unasked(MountKind kind, std::string_view name, const FdInfo& info) {
    switch (kind) {
        case MountKind::namespaces:
            return FdType::name_space;
        case MountKind::local:
            return type_by_info(name, info);
        case MountKind::unlisted: {
            const FdType type = type_of_unmounted(name);
            return type != FdType::unknown ? type : type_by_info(name, info);
        }
        case MountKind::unknown:
        case MountKind::remote:
            break;
    }
    return (info.flags.value_or(0) & O_DIRECTORY) != 0 ? FdType::directory : FdType::file;
}

void add_file_facts(const FileAnswer& file, const TtyDrivers& ttys, Descriptor& out) {
    out.type = type_of_mode(file.mode);
    out.inode = file.inode;
    out.device = file.device;
    out.deleted = file.links == 0;
    if (out.type == FdType::file) out.size = file.size;
    if (out.type == FdType::character && ttys.contains(file.special)) out.type = FdType::tty;
}

}  // namespace logfia
