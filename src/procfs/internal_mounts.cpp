#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/internal_mounts.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace logfia {
namespace {

std::optional<int> mount_of(int proc_fd, const UniqueFd& fd) {
    std::array<char, 512> buffer;
    if (!fd) return std::nullopt;
    const ProcPath path = proc_path("self/fdinfo/{}", fd.get());
    return parse_fd_info(read_piece(proc_fd, path.data(), buffer)).mount_id;
}

UniqueFd make_pipe_end() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return {};
    const UniqueFd in(ends[1]);
    return UniqueFd(ends[0]);
}

UniqueFd make_event() {
    return UniqueFd(eventfd(0, EFD_CLOEXEC));
}

}  // namespace

InternalMounts InternalMounts::of_kernel(int proc_fd) {
    InternalMounts mounts;
    mounts.anonymous = mount_of(proc_fd, make_event());
    mounts.memory = mount_of(proc_fd, UniqueFd(memfd_create("logfia", MFD_CLOEXEC)));
    mounts.nameless = {
        mounts.anonymous,
        mount_of(proc_fd, UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))),
        mount_of(proc_fd, make_pipe_end()),
        mount_of(proc_fd, UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)))),
        mount_of(proc_fd, UniqueFd(openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC))),
    };
    return mounts;
}

std::optional<std::uint64_t> shared_anonymous_inode() {
    struct stat status {};
    const UniqueFd event = make_event();
    if (!event || fstat(event.get(), &status) != 0) return std::nullopt;
    return status.st_ino;
}

}  // namespace logfia
