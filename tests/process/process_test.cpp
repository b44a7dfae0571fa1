#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/want.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/process/process.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
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

/// Between the reading of its state and the search for a living thread, the last thread has become
/// the first one.
TEST(ProcessProbe, AThreadThatCallsExecMeanwhileIsNoEnd) {
    test::FakeProc proc;
    proc.add_process(42, "worker");
    const std::string stat_file = proc.path() + "/42/stat";
    const auto text_of = [&](char state) {
        test::FakeStat stat;
        stat.state = state;
        stat.threads = state == 'Z' ? 2 : 1;
        proc.set_stat(42, stat);
        std::ifstream file(stat_file);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string before = text_of('Z');
    const std::string after = text_of('S');
    auto root = ProcRoot::open(proc.path());
    auto process = Process::open(*root, 42, Holding::descriptors);
    ASSERT_TRUE(process);
    test::FakeStat ended;
    ended.state = 'Z';
    proc.set_thread_stat(42, 42, ended);
    const std::string first = proc.path() + "/first";
    const std::string second = proc.path() + "/second";
    ASSERT_EQ(mkfifo(first.c_str(), 0600), 0);
    ASSERT_EQ(mkfifo(second.c_str(), 0600), 0);
    ASSERT_EQ(unlink(stat_file.c_str()), 0);
    ASSERT_EQ(symlink(first.c_str(), stat_file.c_str()), 0);
    ASSERT_EQ(symlink(second.c_str(), (stat_file + ".new").c_str()), 0);
    // The file is another one as soon as somebody reads the first.
    std::thread writer([&] {
        std::ofstream to_first(first);
        rename((stat_file + ".new").c_str(), stat_file.c_str());
        to_first << before << std::flush;
        to_first.close();
        std::ofstream(second) << after;
    });
    const Process::Life life = process->probe(*root);
    const UniqueFd reader(open(second.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    writer.join();
    EXPECT_EQ(life, Process::Life::moved);
}

}  // namespace
}  // namespace logfia
