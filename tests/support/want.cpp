#include "support/want.hpp"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace logfia::test {
namespace {

void expect_done(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

bool has_kcmp() {
    return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0UL, 0UL) == 0;
}

NoMoreDescriptors::NoMoreDescriptors() {
    const int lowest = open("/", O_PATH | O_CLOEXEC);
    expect_done(lowest, "open");
    close(lowest);
    expect_done(getrlimit(RLIMIT_NOFILE, &limit_), "getrlimit");
    const rlimit none{static_cast<rlim_t>(lowest), limit_.rlim_max};
    expect_done(setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
}

NoMoreDescriptors::~NoMoreDescriptors() {
    setrlimit(RLIMIT_NOFILE, &limit_);
}

NoOverride::NoOverride() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    expect_done(syscall(SYS_capget, &header, before_.data()), "capget");
    auto without = before_;
    for (const int capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH})
        without[0].effective &= ~(1U << capability);
    expect_done(syscall(SYS_capset, &header, without.data()), "capset");
}

NoOverride::~NoOverride() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    syscall(SYS_capset, &header, before_.data());
}

}  // namespace logfia::test
