// Files on a filesystem that does not answer.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/descriptor/file_asker.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <utility>

namespace logfia {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A file of a process on a filesystem that answers as the test says.
class FileAskerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        try {
            maker_.ask("fuse-mount " + directory_.path());
        } catch (const test::FdMakerError& error) {
            GTEST_SKIP() << "no FUSE filesystem can be mounted here: " << error.what();
        }
        proc_.add_process(7, "user");
        // The mount is in the helper's own namespace.
        proc_.open(7, 3, "/proc/" + maker_.pid_text() + "/root" + directory_.path("never seen"));
        auto root = ProcRoot::open(proc_.path());
        root_.emplace(std::move(*root));
        auto process = Process::open(*root_, 7, Holding::descriptors);
        process_.emplace(std::move(*process));
        asker_.emplace(*root_, FileAsker::Handles::wanted);
    }
    void TearDown() override {
        if (!asker_) return;
        maker_.child().signal(SIGKILL);
        EXPECT_TRUE(maker_.child().wait()) << "the helper is stuck in its own filesystem";
    }
    bool may_ask() { return asker_->may_ask(*process_, now_); }
    void stall() {
        maker_.ask("fuse-hang");
        EXPECT_TRUE(may_ask());
        asker_->clear();
        const std::size_t number = asker_->add(*process_, 3);
        asker_->answer(*process_, now_);
        EXPECT_EQ((*asker_)[number].outcome, BlockingRequest::Outcome::stuck);
        EXPECT_FALSE(may_ask());
    }
    /// Lets the filesystem answer, so that nothing is blocked any more.
    void end_of_stall() {
        maker_.ask("fuse-serve");
        const SteadyTime later = now_ + minutes(5);
        EXPECT_TRUE(test::eventually([&] { return asker_->may_ask(*process_, later); }));
    }

    const test::TempDir directory_;
    test::FdMaker maker_;
    test::FakeProc proc_;
    std::optional<ProcRoot> root_;
    std::optional<Process> process_;
    std::optional<FileAsker> asker_;
    SteadyTime now_{seconds(1000)};
};

TEST_F(FileAskerTest, PausesBeginAnewAfterALongTimeWithoutAStall) {
    stall();
    end_of_stall();
    now_ += seconds(1);
    stall();
    end_of_stall();
    now_ += seconds(1);
    EXPECT_FALSE(may_ask()) << "twice as long";
    now_ += minutes(11);
    stall();
    end_of_stall();
    now_ += seconds(1);
    EXPECT_TRUE(may_ask());
}

/// Otherwise each pause that is over would cost another thread, until no threads are left.
TEST_F(FileAskerTest, AsksNothingMoreWhileAThreadStillWaits) {
    stall();
    now_ += minutes(5);
    EXPECT_FALSE(may_ask());
    end_of_stall();
    EXPECT_TRUE(may_ask());
    stall();
    now_ += minutes(5);
    EXPECT_FALSE(may_ask()) << "another thread";
}

/// An ended process is not mistaken for another one at the same address.
TEST_F(FileAskerTest, AnotherProcessIsAskedMeanwhile) {
    stall();
    asker_->forget(*process_);
    EXPECT_TRUE(may_ask());
}

}  // namespace
}  // namespace logfia
