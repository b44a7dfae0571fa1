#pragma once

#include <logfia/base/error.hpp>

#include <optional>
#include <string>

namespace logfia {

/// False where the numbers of the system calls are not known: no filter can be written there. A
/// program of x32 (or another one of 32 bits) is not looked for here: it may run under the filter,
/// but logfia itself is not built as one.
#if defined(__LP64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
    (defined(__x86_64__) || defined(__aarch64__))
inline constexpr bool kKnowsSystemCalls = true;
#else
inline constexpr bool kKnowsSystemCalls = false;
#endif

/// Features of the kernel that an exact watch needs or likes. The kernel itself is asked, not its
/// release: distributions carry features back to kernels with old numbers (RHEL's 5.14), and
/// sandboxes take away what a number promises. The versions below are those of the mainline kernel.
struct KernelSupport {
    std::string release;  ///< as uname(2) tells it, for messages; any bytes
    /// The errno of asking seccomp(2) for SECCOMP_RET_USER_NOTIF (5.0); 0: it is there.
    int notification_error = 0;
    /// SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (5.19): no signal makes a call that logfia has taken
    /// note of begin anew.
    bool waits_killably = false;
    /// The size of /proc/N/fd is how many descriptors are open (6.2, proc_fd_getattr() in
    /// fs/proc/fd.c). Without it, a table is listed more often.
    bool counts_descriptors = false;
    /// kcmp(2) tells whether two tasks share a table: CONFIG_KCMP, and no sandbox that forbids it.
    bool compares_tables = false;
    /// Our filter comes with no_new_privs (prctl(2)), under which no program gives rights: we lack
    /// CAP_SYS_ADMIN, as root does in many containers.
    bool takes_rights = false;
    /// SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (6.6). ask_kernel() cannot know: a listener can.
    bool wakes_synchronously = false;
};

/// Asks the kernel, at the cost of some system calls, and changes nothing.
KernelSupport ask_kernel();

/// True when the listener knows SECCOMP_IOCTL_NOTIF_SET_FLAGS; clears the flags that it has.
bool can_wake_synchronously(int listener);

/// Why `command` cannot be watched exactly; absent when it can.
std::optional<Error> exact_refusal(const KernelSupport& kernel, const std::string& command);

/// A notice of what an exact watch cannot tell apart; empty when there is nothing.
std::string less_exact_notice(const KernelSupport& kernel);

/// A notice of what makes exact watches slower than they are on a newer kernel. Empty when nothing
/// does.
std::string slower_notice(const KernelSupport& kernel);

}  // namespace logfia
