#include <logfia/base/deleted_suffix.hpp>
#include <logfia/descriptor/parent_table.hpp>
#include <logfia/procfs/proc_path.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <string>

namespace logfia {

ParentTable::ParentTable(const ProcRoot& root, pid_t parent, const FdSnapshot* last_seen)
    : last_seen_(last_seen) {
    if (parent == 0) return;
    if (root.native()) pid_ = parent;
    // A zombie lists no descriptor, and would look like a process without any; but a zombie has no
    // `cwd` either.
    char link = 0;
    if (readlinkat(root.fd(), proc_path("{}/cwd", parent).data(), &link, 1) < 0) return;
    fd_dir_.reset(
        openat(root.fd(), proc_path("{}/fd", parent).data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool ParentTable::is_inherited(pid_t child, int fd, std::string_view name) const {
    // 0: the same open file. 1, 2, 3: a different one. -1: unknown.
    const long order = pid_ == 0 ? -1 : syscall(SYS_kcmp, pid_, child, KCMP_FILE, fd, fd);
    if (order == 0) return true;
    if (has_now(fd, name)) return order < 0;
    // A child may have removed the file, and made another one of that name.
    if (order > 0 && has_now(fd, std::string(name).append(kDeletedSuffix))) return false;
    // The parent has run on since, so its last seen table counts too.
    if (last_seen_ == nullptr) return false;
    const FdEntry* seen = last_seen_->find(fd);
    return seen != nullptr && last_seen_->name(*seen) == name;
}

bool ParentTable::has_now(int fd, std::string_view name) const {
    if (!fd_dir_) return false;
    std::array<char, PATH_MAX> link;
    const auto number = fmt::format_int(fd);
    const ssize_t length = readlinkat(fd_dir_.get(), number.c_str(), link.data(), link.size());
    return length >= 0 && std::string_view(link.data(), static_cast<std::size_t>(length)) == name;
}

}  // namespace logfia
