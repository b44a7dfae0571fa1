// Reads the fdinfo of descriptors.

#include <logfia/descriptor/describer.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/object_info.hpp>
#include <logfia/procfs/proc_path.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

namespace logfia {

UniqueFd Describer::open_info(const Process& process, int fd) {
    constexpr int kHow = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    UniqueFd file(info_dir_ ? openat(info_dir_.get(), fd_path(fd).data(), kHow)
                            : openat(process.dir(), fd_info_path(fd).data(), kHow));
    if (!file && is_lacking(errno) && lacking_ == 0) lacking_ = errno;
    return file;
}

std::string_view Describer::read_info(const Process& process, int fd, FdType type) {
    return read_info(open_info(process, fd), type);
}

/// The lines that every descriptor has come first; the targets of an inotify, or the files of an
/// io_uring, follow, one per line.
/// Each call reads again.
std::string_view Describer::read_info(const UniqueFd& file, FdType type) {
    constexpr std::size_t kUsual = 1024;
    constexpr std::size_t kWithTargets = 128 * ObjectInfo::kMaxTargets;
    const std::size_t size = is_in(type, FdGroup::targets) ? kWithTargets : kUsual;
    if (info_.size() < size) info_.resize(size);
    // The text comes in one piece (single_open(), fs/proc/fd.c), so that one read is enough.
    const ssize_t got = file ? pread(file.get(), info_.data(), size, 0) : -1;
    return {info_.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void Describer::refresh_object(const Process& process, Descriptor& out) {
    const std::string_view bytes = read_info(process, out.fd, out.type);
    if (bytes.empty()) return;  // closed by now
    auto object = parse_object_info(out.type, bytes);
    // A busy io_uring tells nothing of itself (mutex_trylock(), io_uring/fdinfo.c).
    if (!object && out.type != FdType::io_uring) out.object = nullptr;
    if (!object || (out.object && *object == *out.object)) return;
    out.object = std::make_shared<const ObjectInfo>(std::move(*object));
}

}  // namespace logfia
