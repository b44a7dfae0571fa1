#include "support/fd_maker_client.hpp"
#include <logfia/proc/process.hpp>

#include <gtest/gtest.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace logfia {
namespace {

bool has_kcmp() {
    return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0UL, 0UL) == 0;
}

/// Who is watched, found out while all its threads live.
Process process_of(const test::FdMaker& maker) {
    auto root = ProcRoot::open("/proc");
    auto process = Process::open(*root, maker.pid(), Holding::descriptors);
    EXPECT_TRUE(process) << describe(process.error());
    return std::move(*process);
}

TEST(ProcessTest, AThreadWithATableOfItsOwnIsFound) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    test::FdMaker maker;
    Process process = process_of(maker);
    maker.ask("thread");
    EXPECT_FALSE(process.find_thread_with_own_table());
    maker.ask("thread-unshare /");
    EXPECT_TRUE(process.find_thread_with_own_table());
}

/// A thread that ends lets go of the table that it shares, before anything else of its end is seen.
TEST(ProcessTest, TheOthersOfAThreadThatHasEndedHaveNoTableOfTheirOwn) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    test::FdMaker maker;
    Process process = process_of(maker);
    maker.ask("thread-exit-leader");
    EXPECT_FALSE(process.find_thread_with_own_table());
}

}  // namespace
}  // namespace logfia
