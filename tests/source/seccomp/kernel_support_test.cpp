#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/kernel_support.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace logfia {
namespace {

using ::testing::HasSubstr;

KernelSupport newest_kernel() {
    KernelSupport kernel;
    kernel.release = "6.18.0";
    kernel.waits_killably = kernel.counts_descriptors = kernel.compares_tables =
        kernel.wakes_synchronously = true;
    return kernel;
}

TEST(KernelSupport, WhatIsTooOldOrForbiddenIsRefused) {
    struct Case {
        void (*change)(KernelSupport&);
        const char* said;
    };
    const std::vector<Case> cases{
        {[](KernelSupport& k) { k.notification_error = EOPNOTSUPP; },
         "cannot watch make: -X needs Linux 5.19 or later, and this is 6.18.0; leave it out to "
         "watch by looks"},
        {[](KernelSupport& k) { k.notification_error = EINVAL; }, "-X needs Linux 5.19 or later"},
        {[](KernelSupport& k) { k.waits_killably = false; }, "-X needs Linux 5.19 or later"},
        {[](KernelSupport& k) { k.notification_error = EPERM; },
         "cannot watch make: Operation not permitted; -X needs seccomp(2), which a sandbox"},
        {[](KernelSupport& k) { k.notification_error = ENOSYS; },
         "cannot watch make: Function not implemented; -X needs seccomp(2)"},
    };
    EXPECT_FALSE(exact_refusal(newest_kernel(), "make"));
    for (const Case& one : cases) {
        KernelSupport kernel = newest_kernel();
        one.change(kernel);
        const auto refusal = exact_refusal(kernel, "make");
        ASSERT_TRUE(refusal) << one.said;
        EXPECT_THAT(describe(*refusal), HasSubstr(one.said));
    }
}

TEST(KernelSupport, WhatIsSlowerIsSaidAndNotRefused) {
    KernelSupport kernel = newest_kernel();
    kernel.release = "6.1.0-18-amd64";
    EXPECT_EQ(slower_notice(kernel), "");
    kernel.counts_descriptors = false;
    EXPECT_THAT(slower_notice(kernel), HasSubstr("on Linux 6.2 and later: this is 6.1.0-18-amd64"));
    kernel.wakes_synchronously = false;
    EXPECT_THAT(slower_notice(kernel), HasSubstr("on Linux 6.6 and later"));
    kernel.counts_descriptors = true;
    EXPECT_THAT(slower_notice(kernel), HasSubstr("on Linux 6.6 and later"));
    EXPECT_FALSE(exact_refusal(kernel, "make"));
}

TEST(KernelSupport, TablesThatCannotBeComparedAreSaidAndNotRefused) {
    KernelSupport kernel = newest_kernel();
    EXPECT_EQ(less_exact_notice(kernel), "");
    kernel.compares_tables = false;
    EXPECT_THAT(less_exact_notice(kernel),
                ::testing::StartsWith("kcmp(2) is forbidden or missing"));
    EXPECT_FALSE(exact_refusal(kernel, "make"));
}

/// Bytes of other people's kernels are escaped where the lines are written.
TEST(KernelSupport, AnOddReleaseIsToldAsItIs) {
    for (const char* release : {"", "6", "\x1b[2J\xff", "5.14.0-427.el9 {} {0}"}) {
        KernelSupport kernel = newest_kernel();
        kernel.release = release;
        kernel.waits_killably = kernel.wakes_synchronously = false;
        EXPECT_THAT(describe(*exact_refusal(kernel, "make")), HasSubstr(release));
        EXPECT_THAT(slower_notice(kernel), HasSubstr(release));
    }
}

TEST(KernelSupport, AskingLeavesNoFilterBehind) {
    const auto no_new_privs = [] { return prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL); };
    const int privs = no_new_privs();
    const int filters = prctl(PR_GET_SECCOMP);
    const KernelSupport kernel = ask_kernel();
    EXPECT_EQ(no_new_privs(), privs);
    EXPECT_EQ(prctl(PR_GET_SECCOMP), filters);
    EXPECT_NE(kernel.release, "");
    EXPECT_FALSE(kernel.wakes_synchronously) << "only a listener knows";
}

/// The exit status of a child that has run `body`.
int status_of_child(bool (*body)()) {
    const pid_t child = fork();
    if (child == 0) _exit(body() ? 1 : 0);
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// As root is in a container.
bool drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    return syscall(SYS_capset, &header, none) == 0;
}

TEST(KernelSupport, AFilterTakesRightsOfWhoHasNoCapabilities) {
    const bool has_any = prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 0;
    EXPECT_EQ(status_of_child([] { return drop_capabilities() && ask_kernel().takes_rights; }),
              has_any ? 1 : 0);
    EXPECT_EQ(status_of_child([] {
                  prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
                  return drop_capabilities() && ask_kernel().takes_rights;
              }),
              0)
        << "there are none to take";
}

/// A child's own listener, whose filter lets every call pass. Never returns.
[[noreturn]] void ask_own_listener() {
    prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
    sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    const sock_fprog program{1, allow};
    const auto listener = static_cast<int>(
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
    if (listener < 0) _exit(2);
    _exit(can_wake_synchronously(listener) ? 0 : 1);
}

TEST(KernelSupport, AListenerKnowsWhetherItWakesSynchronously) {
    const UniqueFd other(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(can_wake_synchronously(other.get()));
    EXPECT_FALSE(can_wake_synchronously(-1));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) ask_own_listener();
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no listener can be had here";
    if (WEXITSTATUS(status) == 1) GTEST_SKIP() << "this kernel knows no flags of a listener";
}

}  // namespace
}  // namespace logfia
