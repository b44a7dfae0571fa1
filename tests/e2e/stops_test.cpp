// How a watch stops, and that no stop invents a close.

#include "support/made_file.hpp"
#include "support/stalled_reader.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <optional>

namespace logfia::test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

class Stops : public testing::TestWithParam<int> {};

TEST_P(Stops, EndItQuietlyAndInventNothing) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker));
    ASSERT_TRUE(run.wait_for_count(3));
    run.child().signal(GetParam());
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(plain(run.lines()).size(), 3U);
    EXPECT_EQ(run.errors(), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, Stops, testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_P(Stops, EndAWatchThatCannotKeepItsInterval) {
    FdMaker maker;
    LogfiaRun run({"-n", "-d", "1us", maker.pid_text()});
    ASSERT_TRUE(run.wait_for_count(3));
    run.child().signal(GetParam());
    EXPECT_EQ(run.finish(), 0);
}

TEST(Stops, AnIgnoredHangupStaysIgnored) {
    FdMaker maker;
    Child run({"/bin/sh", "-c", "trap '' HUP; exec \"$0\" -n -d 5 " + maker.pid_text(),
               LogfiaRun::program()});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(run.read_line());
    run.signal(SIGHUP);
    maker.ask("open " + made_file("passwd"));
    std::string line = run.read_line().value_or("");
    while (line.find(" lost ") != std::string::npos) line = run.read_line().value_or("");
    EXPECT_THAT(line, HasSubstr("open " + made_file("passwd")));
    run.signal(SIGINT);
    EXPECT_EQ(run.wait(), 0);
}

TEST(Stops, AfterADuration) {
    FdMaker maker;
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--duration", "0.05"}));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(plain(outcome.lines).size(), 3U);
    EXPECT_EQ(outcome.errors, "");
}

TEST(Stops, AfterExactlySoManyRecords) {
    FdMaker maker;
    EXPECT_EQ(outcome_of(watch_arguments(maker, {"--count", "2"})).lines.size(), 2U);
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5", "--count", "53"}));
    ASSERT_TRUE(run.wait_for_count(3));
    maker.ask("burst 100 " + made_file("passwd"));
    EXPECT_EQ(run.finish(), 0);
    const JsonRecords records = without_lost(json_records(run));
    EXPECT_EQ(records.size(), 53U);
    for (const JsonRecord& record : records) EXPECT_EQ(record["event"], "open");
}

TEST(Stops, OnceIsOneLook) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    const Outcome outcome = outcome_of(watch_arguments(maker, {"-1"}));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.lines.size(), 4U);
    EXPECT_THAT(plain(outcome.lines), Each(StartsWith("open ")));
}

/// If nothing that was open already is printed, only the record of a later change shows that the
/// first look was taken.
bool change_until_noticed(FdMaker& maker, LogfiaRun& run) {
    return eventually([&] {
        maker.fd("open " + made_file("passwd"));
        return run.wait_for_line(made_file("passwd"), std::chrono::milliseconds(50));
    });
}

TEST(Stops, NoInitialPrintsWhatComesAndItsCloses) {
    FdMaker maker;
    const int before = maker.fd("open " + made_file("group"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5", "--no-initial"}));
    ASSERT_TRUE(change_until_noticed(maker, run));
    maker.ask("close " + std::to_string(before));
    RecordStream records(run);
    const JsonRecord close = records.next("close", before);
    EXPECT_EQ(close["name"], made_file("group"));
    const int fd = maker.fd("open /dev/zero");
    EXPECT_EQ(records.next("open", fd)["name"], "/dev/zero");
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : json_records(run)) {
        EXPECT_FALSE(record.has("initial"));
        EXPECT_NE(record["event"] + record["name"], "open" + made_file("group"));
    }
}

TEST(Stops, ASecondSignalGivesUpWhatNobodyReads) {
    StalledReader reader;
    FdMaker maker;
    maker.ask("burst 400 " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-d", "5"}), reader.options());
    ASSERT_TRUE(reader.has_some());
    run.child().signal(SIGINT);
    const auto pending = [&] { return status_line(run.pid(), "ShdPnd"); };
    ASSERT_TRUE(eventually([&] { return pending().find_first_not_of('0') == std::string::npos; }));
    EXPECT_EQ(run.finish(std::chrono::milliseconds(50)), -1) << "it should still be writing";
    run.child().signal(SIGINT);
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(run.errors(), "");
}

TEST(Stops, AfterOneSignalEverythingNoticedIsStillWritten) {
    StalledReader reader;
    FdMaker maker;
    maker.ask("burst 400 " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-d", "5"}), reader.options());
    ASSERT_TRUE(reader.has_some());
    run.child().signal(SIGTERM);
    EXPECT_EQ(plain(complete_lines(reader.read_all())).size(), 403U);
    EXPECT_EQ(run.finish(), 0);
}

/// Counts that each descriptor is opened and closed in turn.
void expect_paired(const Lines& lines, std::size_t opens) {
    std::map<std::string, bool> open;
    std::size_t opened = 0;
    for (const std::string& line : lines) {
        const JsonRecord record(line);
        if (record["event"] == "lost") {
            EXPECT_TRUE(record.has("missed_ticks"));
            continue;
        }
        const bool is_open = record["event"] == "open";
        opened += is_open ? 1 : 0;
        EXPECT_EQ(open[record["fd"]], !is_open) << line;
        open[record["fd"]] = is_open;
    }
    EXPECT_EQ(opened, opens);
    for (const auto& [fd, still_open] : open) EXPECT_FALSE(still_open) << fd;
}

TEST(Stops, AStalledReaderCostsNoRecord) {
    constexpr std::size_t kRounds = 10;
    constexpr std::size_t kFiles = 100;
    StalledReader reader;
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}), reader.options());
    ASSERT_TRUE(reader.has_some());
    for (std::size_t round = 0; round < kRounds; ++round) {
        const auto made =
            maker.numbers("burst " + std::to_string(kFiles) + " " + made_file("passwd"));
        ASSERT_TRUE(wait_for_looks(run));
        maker.ask("close " + std::to_string(made.at(0)) + ' ' + std::to_string(made.at(1)));
        ASSERT_TRUE(wait_for_looks(run));
    }
    maker.end();
    const std::string text = reader.read_all();
    EXPECT_GT(text.size(), 10 * static_cast<std::size_t>(reader.capacity()));
    expect_paired(complete_lines(text), 3 + kRounds * kFiles);
    EXPECT_EQ(run.finish(), 0);
}

/// A table on standard error that is longer than the pipe holds.
struct LongSummary {
    LongSummary() {
        for (int i = 0; i < 60; ++i) {
            // Letters alone, so that no two are alike.
            std::string name(200, static_cast<char>('a' + i % 26));
            name.back() = static_cast<char>('a' + i / 26);
            maker.ask("open " + directory.file(name, ""));
        }
        logfia.emplace(
            std::vector<std::string>{
                "/bin/sh", "-c", "exec \"$0\" -n -1 -C " + maker.pid_text() + " 2>&1 >/dev/null",
                LogfiaRun::program()},
            reader.options());
    }

    StalledReader reader;
    TempDir directory;
    FdMaker maker;
    std::optional<Child> logfia;
};

/// The reader comes late.
TEST(Stops, TheSummaryIsWrittenWholeBeforeTheEnd) {
    LongSummary summary;
    ASSERT_TRUE(summary.reader.has_some());
    const std::string text = summary.reader.read_all();
    EXPECT_GT(text.size(), 2 * static_cast<std::size_t>(summary.reader.capacity()));
    EXPECT_THAT(complete_lines(text).back(), StartsWith("1 process, 1 look, "));
    EXPECT_EQ(summary.logfia->wait(), 0);
}

/// A user who does not want to wait for a reader may give up.
TEST(Stops, ASummaryThatNobodyReadsCanBeGivenUp) {
    LongSummary summary;
    ASSERT_TRUE(summary.reader.has_some());
    summary.logfia->signal(SIGINT);
    EXPECT_EQ(summary.logfia->wait(), 0);
}

}  // namespace
}  // namespace logfia::test
