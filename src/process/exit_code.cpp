#include <logfia/base/fields.hpp>
#include <logfia/process/exit_code.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_stat.hpp>
#include <logfia/procfs/reading.hpp>

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

namespace logfia {
namespace {

/// struct pidfd_info (<linux/pidfd.h>) of Linux 6.13, which older headers lack.
struct PidfdInfo {
    std::uint64_t mask = 0;
    std::uint64_t cgroup = 0;
    std::uint32_t ids[11] = {};
    std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kExit = 1U << 3U;
constexpr unsigned long kGetInfo = _IOWR(0xff, 11, PidfdInfo);

std::optional<int> told_by_pidfd(int pidfd) {
    PidfdInfo info;
    info.mask = kExit;
    if (pidfd < 0 || ioctl(pidfd, kGetInfo, &info) != 0) return std::nullopt;
    if ((info.mask & kExit) == 0) return std::nullopt;
    return info.exit_code;
}

/// Whether the kernel shows us the fields of `stat` that it hides from strangers, as 0. Only those
/// who may know are told the current directory, or that a zombie has none any more.
bool may_know(const ProcRoot& root, pid_t pid) {
    char link = 0;
    return readlinkat(root.fd(), proc_path("{}/cwd", pid).data(), &link, 1) >= 0 || errno == ENOENT;
}

/// The last field, 52 (proc_pid_stat(5)).
std::optional<int> last_field(std::string_view bytes) {
    if (!bytes.ends_with('\n')) return std::nullopt;
    bytes.remove_suffix(1);
    return parse_number<int>(bytes.substr(bytes.rfind(' ') + 1));
}

std::optional<int> told_by_zombie(const ProcRoot& root, const Process& process) {
    std::array<char, 1024> buffer;
    const pid_t pid = process.pid();
    const bool permitted = may_know(root, pid);
    const FileText text = read_file(root.fd(), proc_path("{}/stat", pid).data(), buffer);
    const auto stat = parse_proc_stat(text);
    if (!permitted || !stat || stat->start_time != process.start_time()) return std::nullopt;
    // A first thread that ends before the others has a code of its own.
    if (!stat->is_ending() || stat->threads > 1 || !process.reads_first_thread())
        return std::nullopt;
    return last_field(text);
}

}  // namespace

std::optional<int> exit_code_of(const ProcRoot& root, pid_t pid, int pidfd) {
    if (const auto code = told_by_pidfd(pidfd)) return code;
    std::array<char, 1024> buffer;
    const bool permitted = may_know(root, pid);
    const FileText text = read_file(root.fd(), proc_path("{}/stat", pid).data(), buffer);
    const auto stat = parse_proc_stat(text);
    // As long as the zombie is not reaped, nobody else has its number.
    const bool was_it = syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0U) == 0;
    if (permitted && was_it && stat && stat->is_ending()) return last_field(text);
    return told_by_pidfd(pidfd);
}

std::optional<int> exit_code_of(const ProcRoot& root, const Process& process) {
    if (const auto code = told_by_pidfd(process.pidfd())) return code;
    if (const auto code = told_by_zombie(root, process)) return code;
    return told_by_pidfd(process.pidfd());  // the zombie may have been reaped in between
}

}  // namespace logfia
