// Processes whose files are on mounts that no table lists any more, or that come from elsewhere.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>

namespace logfia::test {
namespace {

namespace fs = std::filesystem;

/// A helper that may mount what it likes, in a namespace that ends with it.
struct Mounting {
    /// Returns why a mount namespace is impossible; empty on success.
    std::string begin() {
        try {
            maker.ask("own-mounts");
            return {};
        } catch (const FdMakerError& error) {
            return std::string("no mounts here: ") + error.what();
        }
    }
    TempDir directory;
    FdMaker maker;
};

/// How many mount tables logfia holds open, besides that of its own namespace.
int held_tables(pid_t logfia) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", logfia))) {
        std::error_code gone;
        const std::string link = fs::read_symlink(entry.path(), gone).string();
        if (link.ends_with("/mountinfo") && link != fmt::format("/proc/{}/mountinfo", logfia))
            ++count;
    }
    return count;
}

TEST(Mounts, AFileWhoseFilesystemIsUnmountedLazilyIsRenamed) {
    Mounting mounting;
    if (const auto why = mounting.begin(); !why.empty()) GTEST_SKIP() << why;
    FdMaker& maker = mounting.maker;
    const std::string directory = mounting.directory.path();
    maker.ask("mount-tmpfs " + directory);
    const int fd = maker.fd("open " + directory + "/seg rw create");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5", "--leaks", "--leak-min", "1"}));
    RecordStream records(run);
    const JsonRecord open = records.next("open", fd);
    maker.ask("umount-lazily " + directory);
    const JsonRecord renamed = records.next("rename", fd);
    EXPECT_EQ(renamed["name"], "/seg");
    EXPECT_EQ(renamed["old_name"], directory + "/seg");
    EXPECT_EQ(renamed["type"], "file");
    EXPECT_EQ(renamed["device"], open["device"]);
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
}

/// A child that gives a number alternately to two files that may not be asked.
class UnaskedAndFlippedBy : public testing::TestWithParam<const char*> {};

/// A thread of the process, or another process that shares its table while it sleeps.
TEST_P(UnaskedAndFlippedBy, ARecordSpeaksOfOneFile) {
    Mounting mounting;
    if (const auto why = mounting.begin(); !why.empty()) GTEST_SKIP() << why;
    FdMaker& maker = mounting.maker;
    const std::string directory = mounting.directory.path();
    maker.ask("mount-tmpfs " + directory);
    const int a = maker.fd("open " + directory + "/A r create");
    const int b = maker.fd("open " + directory + "/B rw create");
    maker.ask("umount-lazily " + directory);
    const std::vector<int> made = maker.numbers(fmt::format("{} {} {}", GetParam(), a, b));
    const int flipped = made.front();
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "1"}));
    RecordStream records(run);
    const JsonRecord one = records.next("open", a);
    const JsonRecord other = records.next("open", b);
    EXPECT_EQ(one["access"], "r");
    EXPECT_EQ(other["access"], "rw");
    ASSERT_TRUE(one.has("inode") && other.has("inode"));
    for (int i = 0; i < 500; ++i) {
        const JsonRecord record = records.next([&](const JsonRecord& next) {
            EXPECT_NE(next["event"], "rename") << next.summary();
            return next["event"] == "open" && next["fd"] == std::to_string(flipped);
        });
        const JsonRecord& right = record["name"] == one["name"] ? one : other;
        for (const char* fact : {"name", "access", "inode"})
            EXPECT_TRUE(!record.has(fact) || record[fact] == right[fact])
                << record.summary() << ": " << fact << ' ' << record[fact];
    }
    if (made.size() > 1) maker.ask(fmt::format("kill-child {}", made.back()));
    maker.ask("flip-no-more");
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
}

INSTANTIATE_TEST_SUITE_P(All, UnaskedAndFlippedBy, testing::Values("flip", "flip-from-outside"));

TEST(Mounts, AfterAPivotTypesAreToldAsBefore) {
    Mounting mounting;
    if (const auto why = mounting.begin(); !why.empty()) GTEST_SKIP() << why;
    FdMaker& maker = mounting.maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    const int before = maker.fd("open " + mounting.directory.path() + " dir");
    EXPECT_EQ(records.next("open", before)["type"], "directory");
    maker.ask("pivot " + mounting.directory.path());
    const int null = maker.fd("open /dev/null");
    const int directory = maker.fd("open /dev");
    const int file = maker.fd("open /file");
    EXPECT_EQ(records.next("open", null)["type"], "char");
    EXPECT_EQ(records.next("open", directory)["type"], "directory");
    const JsonRecord open = records.next("open", file);
    EXPECT_EQ(open["type"], "file");
    EXPECT_EQ(open["size"], "0");
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
}

/// As service managers do: files that the manager opens for a service come from outside. In the
/// service's namespace there are only the tables of the service and of its ancestors.
TEST(Mounts, WhatComesFromAnotherNamespaceHasItsType) {
    const TempDir directory;
    const std::string fifo = directory.path("fifo");
    FdMaker maker;
    maker.ask("mkfifo " + fifo);
    const int pipe = maker.fd("open " + fifo + " rw");
    const int folder = maker.fd("open " + directory.path());
    const int null = maker.fd("open /dev/null");
    const int file = maker.fd("open " + directory.file("log", "text"));
    if (maker.attempt("own-mounts") != 0) GTEST_SKIP() << "no mounts here";
    const std::string pid = maker.pid_text();
    const std::string user = geteuid() == 0 ? "" : "--user --preserve-credentials ";
    for (const std::string real : {"", "-r "}) {
        const Outcome outcome = outcome_of_script("exec nsenter --target " + pid + ' ' + user +
                                                  "--mount \"$0\" -j -n -1 " + real + pid);
        ASSERT_EQ(outcome.status, 0) << outcome.errors;
        std::map<std::string, std::string> types;
        for (const std::string& line : outcome.lines) {
            const JsonRecord record(line);
            types[record["fd"]] = record["type"];
        }
        EXPECT_EQ(types[std::to_string(folder)], "directory");
        EXPECT_EQ(types[std::to_string(file)], "file");
        EXPECT_EQ(types[std::to_string(pipe)], real.empty() ? "fifo" : "");
        EXPECT_EQ(types[std::to_string(null)], real.empty() ? "char" : "");
    }
}

TEST(Mounts, ANamespaceIsLetGoWithItsLastProcess) {
    auto mounting = std::make_unique<Mounting>();
    if (const auto why = mounting->begin(); !why.empty()) GTEST_SKIP() << why;
    FdMaker other;
    LogfiaRun run({"-n", "-j", "-d", "5", mounting->maker.pid_text(), other.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    mounting->maker.ask("mount-tmpfs " + mounting->directory.path());
    const int fd = mounting->maker.fd("open " + mounting->directory.path() + "/a rw create");
    EXPECT_EQ(records.next("open", fd)["type"], "file");
    EXPECT_EQ(held_tables(run.pid()), 1);
    mounting->maker.end();
    records.next("close", fd);
    EXPECT_EQ(held_tables(run.pid()), 0);
    EXPECT_EQ(run.interrupt(), 0) << run.errors();
}

}  // namespace
}  // namespace logfia::test
