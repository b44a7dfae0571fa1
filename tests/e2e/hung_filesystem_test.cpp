// A target that has files in a filesystem which does not answer any more.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia::test {
namespace {

/// The helper is the filesystem, and its user. Both end with it: the mount is in its own namespace.
struct Hanging {
    /// Why it cannot be; empty when it can.
    std::string mount() {
        try {
            maker.ask("fuse-mount " + directory.path());
            return {};
        } catch (const FdMakerError& error) {
            return std::string("no FUSE filesystem can be mounted here: ") + error.what();
        }
    }
    std::string path(const std::string& name) const { return directory.path(name); }
    /// From now on whoever asks it anything waits; a thread of the helper's does.
    void hang() {
        maker.ask("fuse-hang");
        maker.ask("fuse-stuck " + path("stuck"));
    }

    TempDir directory;
    FdMaker maker;
};

/// While it hangs, all else that happens is told, in its order.
void expect_rhythm(FdMaker& maker, RecordStream& records) {
    for (int round = 0; round < 5; ++round) {
        const int fd = maker.fd("open /etc/passwd");
        EXPECT_EQ(records.next("open", fd)["name"], "/etc/passwd");
        maker.ask("close " + std::to_string(fd));
        EXPECT_EQ(records.next("close", fd)["name"], "/etc/passwd");
    }
}

TEST(HungFilesystem, DoesNotHoldUpTheLooks) {
    Hanging hanging;
    if (const auto refusal = hanging.mount(); !refusal.empty()) GTEST_SKIP() << refusal;
    FdMaker& maker = hanging.maker;
    const int held = maker.fd("open " + hanging.path("held"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    EXPECT_EQ(records.next("open", held)["name"], hanging.path("held"));
    hanging.hang();
    expect_rhythm(maker, records);
    const int copy = maker.fd("dup " + std::to_string(held));
    const JsonRecord open = records.next("open", copy);
    EXPECT_EQ(open["name"], hanging.path("held"));
    EXPECT_EQ(open["type"], "file");
    EXPECT_FALSE(open.has("size"));
    maker.ask("close " + std::to_string(copy));
    EXPECT_EQ(records.next("close", copy)["name"], hanging.path("held"));
    maker.child().signal(SIGKILL);
    EXPECT_EQ(records.next("close", held)["name"], hanging.path("held"));
    EXPECT_EQ(run.finish(), 0) << run.errors();
    EXPECT_TRUE(maker.child().wait()) << "the helper is stuck in its own filesystem";
}

/// What was opened just before is seen only when nobody answers any more.
TEST(HungFilesystem, IsNotAskedAboutWhatIsNew) {
    Hanging hanging;
    if (const auto refusal = hanging.mount(); !refusal.empty()) GTEST_SKIP() << refusal;
    FdMaker& maker = hanging.maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 2);
    int fresh = -1;
    int directory = -1;
    {
        const Standstill standstill(run);
        fresh = maker.fd("open " + hanging.path("new"));
        directory = maker.fd("open " + hanging.directory.path() + " dir");
        hanging.hang();
    }
    EXPECT_EQ(records.next("open", fresh)["name"], hanging.path("new"));
    EXPECT_EQ(records.next("open", directory)["type"], "directory");
    expect_rhythm(maker, records);
    EXPECT_EQ(run.interrupt(), 0) << run.errors();
    // One that comes later, and a single look, do not wait for it either.
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--once"}));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_THAT(outcome.lines, testing::Contains(testing::HasSubstr(hanging.path("new"))));
    maker.child().signal(SIGKILL);
    EXPECT_TRUE(maker.child().wait()) << "the helper is stuck in its own filesystem";
}

}  // namespace
}  // namespace logfia::test
