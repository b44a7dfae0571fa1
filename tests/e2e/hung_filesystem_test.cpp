// A target with files on a filesystem that no longer answers.

#include "support/faulty_kernel.hpp"
#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace logfia::test {
namespace {

namespace fs = std::filesystem;

/// The helper is both the filesystem and its user, and the mount ends with the helper's namespace.
struct Hanging {
    /// Returns why mounting is impossible; empty on success.
    std::string mount() {
        try {
            maker.ask("fuse-mount " + directory.path());
            return {};
        } catch (const FdMakerError& error) {
            return std::string("no FUSE filesystem can be mounted here: ") + error.what();
        }
    }
    std::string path(const std::string& name) const { return directory.path(name); }
    /// From now on, every question to the filesystem blocks; a thread of the helper's asks one.
    void hang() {
        maker.ask("fuse-hang");
        maker.ask("fuse-stuck " + path("stuck"));
    }

    TempDir directory;
    FdMaker maker;
};

/// While the filesystem hangs, everything else that happens is reported, in order.
void expect_rhythm(FdMaker& maker, RecordStream& records) {
    for (int round = 0; round < 5; ++round) {
        const int fd = maker.fd("open " + made_file("passwd"));
        EXPECT_EQ(records.next("open", fd)["name"], made_file("passwd"));
        maker.ask("close " + std::to_string(fd));
        EXPECT_EQ(records.next("close", fd)["name"], made_file("passwd"));
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

/// Files that were opened just before are seen only when the filesystem no longer answers.
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
    // A watch that begins later, and a single look, do not wait for the filesystem either.
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--once"}));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_THAT(outcome.lines, testing::Contains(testing::HasSubstr(hanging.path("new"))));
    maker.child().signal(SIGKILL);
    EXPECT_TRUE(maker.child().wait()) << "the helper is stuck in its own filesystem";
}

/// A number may become a file on a dead filesystem just before it is asked about. So every call
/// that walks to the file is left to a thread of its own: the supervised thread makes none.
TEST(HungFilesystem, IsNotWaitedForByTheLooks) {
    if (const auto refusal = FaultyKernel::why_not(); !refusal.empty()) GTEST_SKIP() << refusal;
    const TempDir local;
    FdMaker maker;
    FaultyKernel kernel;
    ChildOptions options;
    options.supervisor = kernel.socket();
    options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}), options);
    RecordStream records(run);
    records.next("open", 2);
    const std::string path = local.file("here", "text");
    const int fd = maker.fd("open " + path);
    EXPECT_EQ(records.next("open", fd)["size"], "4");
    fs::rename(path, local.path("there"));
    EXPECT_EQ(records.next("rename", fd)["name"], local.path("there"));
    for (const auto& [place, times] : kernel.places()) {
        const bool walks = place == "statx /proc/N/fd/N" || place == "newfstatat /proc/N/fd/N" ||
                           place == "name_to_handle_at /proc/N/fd/N";
        EXPECT_FALSE(walks) << place;
    }
    EXPECT_EQ(run.interrupt(), 0) << run.errors();
}

/// A number that belonged to a local file becomes, just before it is asked about, a file on a
/// filesystem that does not answer. A kernel that answers from memory (AT_STATX_DONT_SYNC) blocks
/// nobody; its answer is reported for neither file, since it may be old, or about the other one.
/// IsNotWaitedForByTheLooks shows that no look would wait where the kernel does.
TEST(HungFilesystem, MixesNothingUpWhenANumberBecomesItsFile) {
    Hanging hanging;
    if (const auto refusal = hanging.mount(); !refusal.empty()) GTEST_SKIP() << refusal;
    FdMaker& maker = hanging.maker;
    const TempDir local;
    const std::string local_name = local.file("here", "text");
    const std::string hung_name = hanging.path("there");
    const int here = maker.fd("open " + local_name);
    const int there = maker.fd("open " + hung_name);
    // The first close asks whether there is anything to be flushed.
    maker.ask("close " + std::to_string(maker.fd("open " + hanging.path("first"))));
    hanging.hang();
    FdMaker other;
    LogfiaRun run({"-n", "-j", "-d", "1", maker.pid_text(), other.pid_text()});
    RecordStream records(run);
    const int flipped = maker.fd(fmt::format("flip {} {}", here, there));
    int here_seen = 0;
    int there_seen = 0;
    for (int i = 0; i < 200 || here_seen == 0 || there_seen == 0; ++i) {
        const JsonRecord record = records.next("open", flipped);
        const bool is_hung = record["name"] == hung_name;
        ASSERT_EQ(record["name"], is_hung ? hung_name : local_name);
        EXPECT_EQ(record.has("type") ? record["type"] : "file", "file");
        if (record.has("size")) {
            EXPECT_FALSE(is_hung);
            EXPECT_EQ(record["size"], "4");
        }
        ++(is_hung ? there_seen : here_seen);
    }
    expect_rhythm(other, records);
    maker.ask("flip-no-more");
    EXPECT_EQ(run.interrupt(), 0) << run.errors();
    maker.child().signal(SIGKILL);
    EXPECT_TRUE(maker.child().wait()) << "the helper is stuck in its own filesystem";
}

/// The program itself lies on the filesystem: its exec waits for an answer.
TEST(HungFilesystem, KeepsNoSignalFromACommand) {
    Hanging hanging;
    if (const auto refusal = hanging.mount(); !refusal.empty()) GTEST_SKIP() << refusal;
    const std::string root = "/proc/" + hanging.maker.pid_text() + "/root";
    const std::string program = root + hanging.path("program");
    if (access((root + hanging.path("x")).c_str(), F_OK) != 0)
        GTEST_SKIP() << "another mount namespace cannot be looked into: " << std::strerror(errno);
    // No other process may be waiting: the kernel lets one at a time ask for a name, and waiting
    // for one's turn cannot be interrupted by a signal (fuse_lock_inode()).
    hanging.maker.ask("fuse-hang");
    for (const int signal : {SIGTERM, SIGHUP}) {
        LogfiaRun run({"-n", "-d", "5", "--", program});
        const auto child_is_at_its_exec = [&] {
            const std::string pid = std::to_string(run.pid());
            std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
            pid_t child = 0;
            return children >> child && status_line(child, "Name") == "program";
        };
        ASSERT_TRUE(eventually(child_is_at_its_exec));
        run.child().signal(SIGINT);  // is the command's, which gets it from the terminal
        run.child().signal(signal);
        EXPECT_EQ(run.finish(), 128 + signal) << run.errors();
        EXPECT_EQ(run.errors(), "");
    }
    hanging.maker.child().signal(SIGKILL);
    EXPECT_TRUE(hanging.maker.child().wait()) << "the helper is stuck in its own filesystem";
}

}  // namespace
}  // namespace logfia::test
