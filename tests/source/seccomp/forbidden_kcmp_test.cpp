#include <logfia/source/seccomp/procfs_view.hpp>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <thread>

namespace logfia {
namespace {

/// From now on, kcmp(2) fails with EPERM, as in Docker without CAP_SYS_PTRACE.
bool forbid_kcmp() {
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_kcmp},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter{4, program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// Two threads of one process share their table; a process and its parent do not. Never returns.
[[noreturn]] void compare_tables(pid_t parent) {
    const auto root = ProcRoot::open("/proc");
    const auto page = NoticePage::create();
    if (!root || !page || !forbid_kcmp()) _exit(2);
    const Listener none(UniqueFd(), *page);
    ProcfsView view(*root, none, DescriptorCount::told);
    bool right = !view.share_table(getpid(), parent);
    std::thread([&] {
        const auto thread = static_cast<pid_t>(syscall(SYS_gettid));
        right = right && view.share_table(getpid(), thread) && view.share_table(thread, getpid());
    }).join();
    constexpr pid_t kNobody = 0x7ffffff0;
    right = right && !view.share_table(kNobody, getpid());
    _exit(right ? 0 : 1);
}

TEST(ForbiddenKcmp, ThreadsOfOneProcessAreTakenForSharingTheirTable) {
    const pid_t parent = getpid();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) compare_tables(parent);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no filter can be installed here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace logfia
