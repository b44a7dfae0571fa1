#include <logfia/procfs/proc_path.hpp>
#include <logfia/socket/file_answer.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace logfia {
namespace {

std::optional<FileAnswer> status_of(int file) {
    struct statx status {};
    constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_NLINK | STATX_MNT_ID;
    constexpr int kHow = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    if (statx(file, "", kHow, kWanted, &status) != 0) return std::nullopt;
    FileAnswer answer;
    if ((status.stx_mask & STATX_MNT_ID) != 0)
        answer.mount_id = static_cast<int>(status.stx_mnt_id);
    answer.inode = status.stx_ino;
    answer.mode = status.stx_mode;
    answer.links = status.stx_nlink;
    answer.size = status.stx_size;
    answer.device = {status.stx_dev_major, status.stx_dev_minor};
    answer.special = {status.stx_rdev_major, status.stx_rdev_minor};
    return answer;
}

std::string name_of(int own_links, int file) {
    std::array<char, PATH_MAX> link;
    const ssize_t length = readlinkat(own_links, fd_path(file).data(), link.data(), link.size());
    return {link.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::optional<std::uint64_t> handle_of(int file) {
    union {
        file_handle head;
        char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
    } handle{};
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    int mount_id = 0;
    if (name_to_handle_at(file, "", &handle.head, &mount_id, AT_EMPTY_PATH) != 0)
        return std::nullopt;
    // FNV-1a; the type and the length are a part of it.
    std::uint64_t digest = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i < sizeof(file_handle) + handle.head.handle_bytes; ++i)
        digest = (digest ^ static_cast<unsigned char>(handle.bytes[i])) * 0x100000001b3U;
    return digest;
}

}  // namespace

UniqueFd hold_file(const FileQuestion& about, int fd) {
    return UniqueFd(openat(about.fd_dir, fd_path(fd).data(), O_PATH | O_CLOEXEC));
}

std::optional<FileAnswer> ask_file(const FileQuestion& about, int held) {
    auto answer = status_of(held);
    if (!answer) return std::nullopt;
    if (about.handle) answer->handle = handle_of(held);
    answer->name = name_of(about.own_links, held);
    return answer;
}

}  // namespace logfia
