// Targets in odd states, and machines in a bad one.

#include "support/made_file.hpp"
#include "support/sanitizers.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace logfia::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

/// vfork(2) puts the parent into that state; the child has the same table.
TEST(OddTargets, OneInUninterruptibleSleep) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("vfork");
    ASSERT_TRUE(status_line(maker.pid(), "State").starts_with('D'));
    const int fd = maker.fd("open " + made_file("passwd"));
    EXPECT_EQ(records.next("open", fd)["name"], made_file("passwd"));
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--once"}));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(plain(outcome.lines).size(), 4U);
    maker.ask("close " + std::to_string(fd));
    EXPECT_EQ(records.next("close", fd)["name"], made_file("passwd"));
    ASSERT_TRUE(status_line(maker.pid(), "State").starts_with('D'));
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
    EXPECT_EQ(only(json_records(run), "close").size(), 4U);
}

TEST(OddTargets, TwentyThousandDescriptorsThatCloseAtOnce) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t many = std::min<std::size_t>(20'000, limit.rlim_max - 10);
    if (many < 2'000) GTEST_SKIP() << "the hard limit of open files is " << limit.rlim_max;
    FdMaker maker;
    const auto range = maker.numbers("burst " + std::to_string(many) + " " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", range.at(1));
    {
        const Standstill standstill(run);
        maker.ask("close " + std::to_string(range.at(0)) + ' ' + std::to_string(range.at(1)));
    }
    records.next("close", range.at(1));
    const int fd = maker.fd("open " + made_file("group"));
    records.next([&](const JsonRecord& record) { return record["name"] == made_file("group"); });
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
    const JsonRecords all = json_records(run);
    EXPECT_EQ(only(all, "open").size(), many + 4);
    const JsonRecords closes = only(all, "close");
    ASSERT_EQ(closes.size(), many + 4);
    for (std::size_t i = 0; i < many; ++i) {
        ASSERT_EQ(closes[i]["fd"], std::to_string(range.at(0) + static_cast<int>(i)));
        ASSERT_EQ(closes[i]["time"], closes[0]["time"]) << "one look sees them all";
    }
    EXPECT_EQ(fd, range.at(0));
}

TEST(OddTargets, OneThatExecutesASetuidProgram) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can make a program that is root's and setuid";
    const TempDir directory;
    directory.open_to_all();
    struct statvfs mount {};
    statvfs(directory.path().c_str(), &mount);
    if ((mount.f_flag & ST_NOSUID) != 0) GTEST_SKIP() << directory.path() << " is mounted nosuid";
    const std::string program = directory.path("setuid");
    std::filesystem::copy_file(FdMaker::default_program(), program);
    ASSERT_EQ(chmod(program.c_str(), 04755), 0);

    FdMaker maker(ChildOptions{.run_as = RunAs::nobody});
    const int kept = maker.fd("open " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}), {.run_as = RunAs::nobody});
    RecordStream records(run);
    records.next("open", kept);
    maker.ask("exec " + program);
    maker.ask("help");  // the target runs
    ASSERT_THAT(status_line(maker.pid(), "Uid"), MatchesRegex("65534\t0\t.*"));
    const JsonRecord lost = records.next(
        [](const JsonRecord& record) { return record["event"] == "lost" && record.has("pid"); });
    EXPECT_THAT(lost["reason"], ContainsRegex("Permission denied"));
    const int fresh = maker.fd("open " + made_file("group"));
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
    // Nothing is invented: known descriptors are reported as closed when the process ends.
    const JsonRecords all = json_records(run);
    EXPECT_EQ(only(all, "open").size(), only(all, "close").size());
    int lost_words = 0;
    for (const JsonRecord& record : only(all, "lost")) lost_words += record.has("pid") ? 1 : 0;
    EXPECT_EQ(lost_words, 1);
    EXPECT_GT(fresh, kept);
}

/// Runs logfia with an empty directory in place of procfs.
Outcome without_proc(const std::string& arguments) {
    const std::string options =
        std::string(geteuid() == 0 ? "" : "--map-root-user ") + "--mount sh -c ";
    return outcome_of_script("exec unshare " + options +
                             "'mount -t tmpfs none /proc || exit 99; exec \"$0\" " + arguments +
                             "' \"$0\"");
}

bool is_not_possible(const Outcome& outcome) {
    return outcome.status == 99 || outcome.errors.starts_with("unshare:");
}

TEST(WithoutProc, AProcessIsRefused) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer complains too that there is no /proc";
    FdMaker maker;
    const Outcome outcome = without_proc("-n " + maker.pid_text());
    if (is_not_possible(outcome)) GTEST_SKIP() << "no mounts here: " << outcome.errors;
    EXPECT_EQ(outcome.status, 1) << outcome.errors;
    EXPECT_THAT(outcome.errors, MatchesRegex("logfia: [^\n]*\n"));
    EXPECT_THAT(outcome.errors, HasSubstr("/proc"));
}

TEST(WithoutProc, ACommandIsNotRun) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer complains too that there is no /proc";
    const Outcome outcome = without_proc("-n -- echo it runs");
    if (is_not_possible(outcome)) GTEST_SKIP() << "no mounts here: " << outcome.errors;
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.errors, MatchesRegex("logfia: [^\n]*\n"));
    EXPECT_THAT(outcome.errors, HasSubstr("/proc"));
    EXPECT_THAT(outcome.lines, testing::IsEmpty());
}

}  // namespace
}  // namespace logfia::test
