#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/kernel_support.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace logfia {
namespace {

// Kernel headers older than the feature do not have these.
constexpr unsigned kWaitKillableRecv = 1U << 5;
constexpr unsigned long kSetFlags = _IOW(SECCOMP_IOC_MAGIC, 4, std::uint64_t);

int ask_for_notifications() {
    unsigned action = SECCOMP_RET_USER_NOTIF;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0 ? 0 : errno;
}

/// Flags are judged before the filter is read (seccomp_set_mode_filter() in kernel/seccomp.c): with
/// no filter to read, EFAULT tells that they are known. No filter is installed.
bool knows_flags(unsigned flags) {
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0 && errno == EFAULT;
}

/// Whether we may is judged before the filter is (seccomp_prepare_filter() in kernel/seccomp.c),
/// and no kernel takes this one.
bool takes_rights() {
    constexpr std::uint16_t kNoInstruction = 0xffff;
    sock_filter wrong{kNoInstruction, 0, 0, 0};
    const sock_fprog program{1, &wrong};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) < 0 && errno == EACCES;
}

bool counts_descriptors() {
    // The descriptor itself is open, so that the count is not 0.
    const UniqueFd table(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    return table && fstat(table.get(), &status) == 0 && status.st_size > 0;
}

bool compares_tables() {
    const pid_t self = getpid();
    return syscall(SYS_kcmp, self, self, KCMP_FILES, 0UL, 0UL) == 0;
}

/// How seccomp(2) refuses what the kernel does not have, whoever asks.
bool is_unknown(int error) {
    return error == EOPNOTSUPP || error == EINVAL;
}

}  // namespace

KernelSupport ask_kernel() {
    KernelSupport kernel;
    utsname name{};
    if (uname(&name) == 0) kernel.release = name.release;
    kernel.notification_error = ask_for_notifications();
    kernel.waits_killably = knows_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillableRecv);
    kernel.takes_rights = takes_rights();
    kernel.counts_descriptors = counts_descriptors();
    kernel.compares_tables = compares_tables();
    return kernel;
}

bool can_wake_synchronously(int listener) {
    return ioctl(listener, kSetFlags, 0UL) == 0;
}

std::optional<Error> exact_refusal(const KernelSupport& kernel, const std::string& command) {
    const auto refuse = [&](int code, std::string advice) {
        return Error{"cannot watch", command, code, std::move(advice)};
    };
    if (!kKnowsSystemCalls)
        return refuse(0, "-X is there for x86-64 and arm64 only; leave it out to watch by looks");
    const int error = kernel.notification_error;
    if (error != 0 && !is_unknown(error))
        return refuse(error,
                      "-X needs seccomp(2), which a sandbox or container around logfia may forbid; "
                      "leave it out to watch by looks");
    if (error != 0 || !kernel.waits_killably)
        return refuse(0, fmt::format("-X needs Linux 5.19 or later, and this is {}; leave it out "
                                     "to watch by looks",
                                     kernel.release));
    return std::nullopt;
}

std::string less_exact_notice(const KernelSupport& kernel) {
    if (kernel.compares_tables) return {};
    return "kcmp(2) is forbidden or missing here: threads that have a descriptor table of their "
           "own, "
           "and processes that share one, are not recognized";
}

std::string slower_notice(const KernelSupport& kernel) {
    const char* since = !kernel.wakes_synchronously  ? "6.6"
                        : !kernel.counts_descriptors ? "6.2"
                                                     : nullptr;
    if (since == nullptr) return {};
    return fmt::format(
        "-X slows the command down more than it does on Linux {} and later: this is {}", since,
        kernel.release);
}

}  // namespace logfia
