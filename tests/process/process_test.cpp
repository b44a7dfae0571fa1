#include "support/fd_maker_client.hpp"
#include "support/want.hpp"
#include <logfia/process/process.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace logfia {
namespace {

/// A process that has only its first thread when it is found.
class ProcessTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!test::has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
        auto root = ProcRoot::open("/proc");
        auto process = Process::open(*root, maker_.pid(), Holding::descriptors);
        ASSERT_TRUE(process) << describe(process.error());
        process_.emplace(std::move(*process));
    }
    bool has_stranger() { return process_->find_thread_with_own_table(); }

    test::FdMaker maker_;
    std::optional<Process> process_;
};

TEST_F(ProcessTest, AThreadWithATableOfItsOwnIsFound) {
    maker_.ask("thread");
    EXPECT_FALSE(has_stranger());
    maker_.ask("thread-unshare /");
    EXPECT_TRUE(has_stranger());
}

/// A thread that ends lets go of the table that it shares, before anything else of its end is seen.
TEST_F(ProcessTest, TheOthersOfAThreadThatHasEndedHaveNoTableOfTheirOwn) {
    maker_.ask("thread-exit-leader");
    EXPECT_FALSE(has_stranger());
}

}  // namespace
}  // namespace logfia
