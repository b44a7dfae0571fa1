#include <logfia/descriptor/file_identity.hpp>

#include <fcntl.h>

namespace logfia {
namespace {

template <class T>
bool differ(const std::optional<T>& a, const std::optional<T>& b) {
    return a && b && *a != *b;
}

}  // namespace

std::uint32_t fixed_flags(std::uint32_t flags) {
    // Not O_ACCMODE: some C libraries count O_PATH among its bits. The kernel drops O_CREAT, O_EXCL
    // and their like (do_dentry_open(), fs/open.c).
    constexpr std::uint32_t kAccessMode = 03;
    constexpr std::uint32_t kFixed =
        kAccessMode | O_PATH | O_DIRECTORY | O_NOFOLLOW | O_TMPFILE | O_SYNC;
    return flags & kFixed;
}

bool contradict(const FileIdentity& a, const FileIdentity& b) {
    return differ(a.mount_id, b.mount_id) || differ(a.inode, b.inode) ||
           differ(a.handle, b.handle) || differ(a.flags, b.flags);
}

bool is_renamed(const NamedFile& before, const NamedFile& after) {
    const FileIdentity& a = before.identity;
    const FileIdentity& b = after.identity;
    if (!before.name.starts_with('/') || !after.name.starts_with('/')) return false;
    return a.inode && b.inode && a.mount_id && b.mount_id && !contradict(a, b);
}

void keep_what_was_known(const Descriptor& before, Descriptor& after) {
    if (after.type == FdType::unknown) after.type = before.type;
    if (after.access == Access::unknown) after.access = before.access;
    if (!after.device) after.device = before.device;
    if (!after.size) after.size = before.size;
    if (!after.pos) after.pos = before.pos;
}

}  // namespace logfia
