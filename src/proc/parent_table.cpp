#include <logfia/proc/parent_table.hpp>
#include <logfia/proc/proc_path.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace logfia {

ParentTable::ParentTable(const ProcRoot& root, pid_t parent, const FdSnapshot* last_seen)
    : last_seen_(last_seen) {
    if (parent == 0) return;
    // A zombie lists no descriptor, which would look as if it had none; it has no `cwd` either.
    char link = 0;
    if (readlinkat(root.fd(), proc_path("{}/cwd", parent).data(), &link, 1) < 0) return;
    fd_dir_.reset(
        openat(root.fd(), proc_path("{}/fd", parent).data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool ParentTable::gave(int fd, std::string_view name) const {
    if (name.starts_with("pipe:[")) return true;
    if (last_seen_ != nullptr) {
        const FdEntry* seen = last_seen_->find(fd);
        if (seen != nullptr && last_seen_->name(*seen) == name) return true;
    }
    if (!fd_dir_) return false;
    std::array<char, PATH_MAX> link;
    const auto number = fmt::format_int(fd);
    const ssize_t length = readlinkat(fd_dir_.get(), number.c_str(), link.data(), link.size());
    return length >= 0 && std::string_view(link.data(), static_cast<std::size_t>(length)) == name;
}

}  // namespace logfia
