#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/proc_stat.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>

namespace logfia {

Result<ProcRoot> ProcRoot::open(const std::string& path) {
    ProcRoot root;
    root.path_ = path;
    root.dir_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.dir_)
        return Error{"open", path, errno, "--proc takes the directory where procfs is mounted"};
    // NSpid: stands behind 65,536 groups at the worst; the memory is not zeroed, since the usual
    // text fills a page.
    constexpr std::size_t kLongest = std::size_t{1} << 20;
    const auto buffer = std::make_unique_for_overwrite<char[]>(kLongest);
    const auto status =
        parse_proc_status(read_file(root.fd(), "self/status", {buffer.get(), kLongest}));
    root.native_ = status.nspid_count == 1;
    root.self_ = status.tgid.value_or(0);
    return root;
}

bool ProcRoot::is_procfs() const {
    struct statfs filesystem {};
    return fstatfs(fd(), &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

FileText read_file(int dir_fd, const char* path, std::span<char> buffer) {
    const UniqueFd file(openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::size_t length = 0;
    ssize_t got = file ? 1 : -1;
    while (got > 0 && length < buffer.size()) {
        got = ::read(file.get(), buffer.data() + length, buffer.size() - length);
        if (got > 0) length += static_cast<std::size_t>(got);
    }
    if (got < 0) return {{}, errno};
    return {{buffer.data(), length}, 0};
}

FileText read_piece(int dir_fd, const char* path, std::span<char> buffer) {
    const UniqueFd file(openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    const ssize_t got = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    if (got < 0) return {{}, errno};
    return {{buffer.data(), static_cast<std::size_t>(got)}, 0};
}

}  // namespace logfia
