#include <logfia/base/pass_fd.hpp>
#include <logfia/source/seccomp/filter_step.hpp>

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace logfia {
namespace {

/// Since Linux 5.19: only a deadly signal interrupts a call that we have received. With any other,
/// the call would happen twice for us (seccomp_unotify(2)).
constexpr unsigned long kWaitKillable = 1UL << 5U;

int install(const sock_fprog& program) {
    const auto flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable;
    return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

}  // namespace

int FilterStep::prepare() {
    for (const int fd : ours_) close(fd);
    const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
    int listener = install(program);
    if (listener < 0 && errno == EACCES) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) return errno;
        listener = install(program);
    }
    if (listener < 0) return errno;
    // The listener itself has close-on-exec.
    if (const int error = send_fd(socket_.get(), listener)) return error;
    char served = 0;
    ssize_t got = 0;
    do {
        got = read(socket_.get(), &served, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1 ? 0 : ECONNRESET;
}

}  // namespace logfia
