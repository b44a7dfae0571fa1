#include <logfia/base/unique_fd.hpp>
#include <logfia/proc/fd_info.hpp>
#include <logfia/proc/internal_mounts.hpp>
#include <logfia/proc/proc_path.hpp>
#include <logfia/proc/proc_root.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace logfia {
namespace {

FdInfo info_of(int proc_fd, const UniqueFd& fd) {
    std::array<char, 512> buffer;
    if (!fd) return {};
    const ProcPath path = proc_path("self/fdinfo/{}", fd.get());
    return parse_fd_info(read_file(proc_fd, path.data(), buffer));
}

}  // namespace

InternalMounts InternalMounts::of_kernel(int proc_fd) {
    InternalMounts mounts;
    mounts.sockets =
        info_of(proc_fd, UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))).mount_id;
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) == 0) {
        const UniqueFd in(ends[1]);
        mounts.pipes = info_of(proc_fd, UniqueFd(ends[0])).mount_id;
    }
    const FdInfo event = info_of(proc_fd, UniqueFd(eventfd(0, EFD_CLOEXEC)));
    mounts.anonymous = event.mount_id;
    mounts.shared_inode = event.inode;
    return mounts;
}

}  // namespace logfia
