// Files on a filesystem that does not answer.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/temp_dir.hpp"
#include <logfia/proc/file_asker.hpp>
#include <logfia/proc/proc_root.hpp>
#include <logfia/proc/process.hpp>

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

namespace logfia {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(FileAskerTest, PausesBeginAnewAfterALongTimeWithoutAStall) {
    const test::TempDir directory;
    test::FdMaker maker;
    try {
        maker.ask("fuse-mount " + directory.path());
    } catch (const test::FdMakerError& error) {
        GTEST_SKIP() << "no FUSE filesystem can be mounted here: " << error.what();
    }
    maker.ask("fuse-hang");
    test::FakeProc proc;
    proc.add_process(7, "user");
    // The mount is in the helper's own namespace.
    proc.open(7, 3, "/proc/" + maker.pid_text() + "/root" + directory.path("never seen"));
    const auto root = ProcRoot::open(proc.path());
    const auto process = Process::open(*root, 7, Holding::descriptors);
    FileAsker asker(*root);
    SteadyTime now{seconds(1000)};
    const auto stall = [&] {
        EXPECT_TRUE(asker.may_ask(*process, now));
        asker.clear();
        const std::size_t number = asker.add(*process, 3);
        asker.answer(*process, now);
        EXPECT_EQ(asker[number].outcome, BlockingRequest::Outcome::stuck);
        EXPECT_FALSE(asker.may_ask(*process, now));
    };
    stall();
    now += seconds(1);
    stall();
    now += seconds(1);
    EXPECT_FALSE(asker.may_ask(*process, now)) << "twice as long";
    now += minutes(11);
    stall();
    now += seconds(1);
    EXPECT_TRUE(asker.may_ask(*process, now));
    maker.child().signal(SIGKILL);
    EXPECT_TRUE(maker.child().wait()) << "the helper is stuck in its own filesystem";
}

}  // namespace
}  // namespace logfia
