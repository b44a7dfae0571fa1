#include <logfia/process/idle_machine.hpp>
#include <logfia/procfs/load_average.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace logfia {

/// Opens nothing that is mounted over the file: containers are given another one (lxcfs), which
/// counts only their own threads, and whose filesystem may hang.
void IdleMachine::open() {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    if (root_.is_procfs())
        loadavg_.reset(static_cast<int>(
            syscall(SYS_openat2, root_.fd(), "loadavg", &how, sizeof how)));  // since Linux 5.6
}

bool IdleMachine::is_idle() {
    if (idle_) return *idle_;
    if (!std::exchange(opened_, true)) open();
    std::array<char, 128> buffer;
    const ssize_t got = loadavg_ ? pread(loadavg_.get(), buffer.data(), buffer.size(), 0) : -1;
    const std::string_view bytes(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    idle_ = parse_runnable(bytes) == 1;  // we ourselves
    return *idle_;
}

}  // namespace logfia
