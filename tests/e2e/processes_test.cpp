// Records of processes themselves: `start`, `exec`, `exit`, what a child has from its parent,
// and programs that are left out.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/process/exit_code.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace logfia::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAll = "+start,+exec,+exit";

JsonRecords of_pid(const JsonRecords& records, const std::string& pid) {
    JsonRecords some;
    for (const JsonRecord& record : records)
        if (record["pid"] == pid) some.push_back(record);
    return some;
}

std::vector<std::string> events_of(const JsonRecords& records) {
    std::vector<std::string> events;
    for (const JsonRecord& record : records) events.push_back(record["event"]);
    return events;
}

TEST(ProcessRecords, ACommandStartsWithItsProgramAndEndsWithItsStatus) {
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    FdMaker maker({LogfiaRun::program(), "-n", "-q", "-e", "start,exec,exit", "-j", "-o",
                   file.path(), "--", FdMaker::default_program()});
    file.wait_for([](const JsonRecord& record) { return record["event"] == "start"; });
    EXPECT_EQ(maker.end(3), 3);
    std::vector<std::string> kinds;
    for (const JsonRecord& record : without_lost(file.all())) {
        kinds.push_back(record["event"]);
        for (const char* key : {"fd", "initial", "type", "name"}) EXPECT_FALSE(record.has(key));
        EXPECT_THAT(record["exe"], HasSubstr("fd_maker"));
        EXPECT_EQ(record["uid"], std::to_string(geteuid()));
        EXPECT_TRUE(record.has("ppid"));
        EXPECT_EQ(record["status"], record["event"] == "exit" ? "3" : "");
    }
    EXPECT_THAT(kinds, ElementsAre("start", "exit"));
}

TEST(ProcessRecords, TextHasTheExecutableAndTheSignal) {
    FdMaker maker;
    LogfiaRun run({"-n", "-q", "-d", "5", "-e", "start,exit", maker.pid_text()});
    ASSERT_TRUE(run.wait_for_line(" start "));
    maker.child().signal(SIGKILL);
    EXPECT_EQ(run.finish(), 0);
    const Lines lines = plain(run.lines());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr("start /"));
    EXPECT_THAT(lines[0], HasSubstr("fd_maker"));
    EXPECT_THAT(lines[1], testing::AnyOf("exit signal 9", "exit -"));
}

TEST(ProcessRecords, NoneIsToldUnlessAskedFor) {
    const Outcome outcome =
        outcome_of({"-n", "-q", "-f", "--", "/bin/sh", "-c", "/bin/true; exit 0"});
    EXPECT_EQ(outcome.status, 0);
    for (const std::string& line : plain(outcome.lines))
        for (const char* event : {"start ", "exec ", "exit "})
            EXPECT_FALSE(line.starts_with(event)) << line;
}

TEST(ProcessRecords, AnExecIsToldWithTheProgram) {
    FdMaker maker;
    LogfiaRun run({"-n", "-q", "-j", "-d", "5", "-e", kAll, maker.pid_text()});
    RecordStream records(run);
    EXPECT_EQ(records.next("start")["initial"], "true") << "it ran already";
    records.next("open", 2);
    maker.child().write("exec /bin/sleep 1000\n");
    const JsonRecord exec = records.next("exec");
    EXPECT_EQ(exec["pid"], maker.pid_text());
    EXPECT_THAT(exec["exe"], testing::Not(HasSubstr("fd_maker")));
    maker.child().signal(SIGTERM);
    const JsonRecord exit = records.next("exit");
    EXPECT_THAT(exit["signal"], testing::AnyOf("15", "")) << "or not known";
    EXPECT_FALSE(exit.has("status"));
    EXPECT_EQ(run.finish(), 0);
    const auto events = events_of(without_lost(json_records(run)));
    EXPECT_EQ(events.front(), "start") << "before its opens";
    EXPECT_EQ(events.back(), "exit") << "after its closes";
}

/// However soon it has called exec.
TEST(ProcessRecords, AChildIsToldFromItsStartToItsEnd) {
    FdMaker maker;
    LogfiaRun run({"-n", "-q", "-j", "-f", "-d", "5", "-e", kAll, maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    const auto child = maker.numbers("fork-exec /bin/sleep 1000");
    const std::string pid = std::to_string(child.at(0));
    const auto is_told = [&](const char* event) {
        RecordStream again(run);
        return again.next(
            [&](const JsonRecord& r) { return r["event"] == event && r["pid"] == pid; });
    };
    EXPECT_EQ(is_told("start")["ppid"], maker.pid_text());
    RecordStream(run).next([&](const JsonRecord& r) {
        return r["pid"] == pid && !r["exe"].empty() && r["exe"].find("fd_maker") == r["exe"].npos;
    });
    kill(child.at(0), SIGKILL);
    is_told("exit");
    EXPECT_EQ(run.interrupt(), 0);
    const auto events = events_of(of_pid(json_records(run), pid));
    EXPECT_EQ(events.front(), "start");
    EXPECT_EQ(events.back(), "exit");
}

bool status_is_known_after_the_reaping() {
    const auto root = ProcRoot::open("/proc");
    FdMaker maker;
    const auto process = Process::open(*root, maker.pid(), Holding::descriptors);
    maker.end(0);
    return process && exit_code_of(*root, *process).has_value();
}

/// A shell reaps its child within microseconds.
TEST(ProcessRecords, OfOneThatIsReapedAtOnceTheStatusIsTold) {
    if (!status_is_known_after_the_reaping())
        GTEST_SKIP() << "this kernel tells nothing of a process that was reaped";
    const Outcome outcome =
        outcome_of({"-n", "-q", "-f", "-e", "exit", "--", "/bin/sh", "-c",
                    "i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i + 1)); done"});
    for (const std::string& line : plain(outcome.lines))
        EXPECT_THAT(line, testing::EndsWith("- status 0"));
}

TEST(ProcessRecords, CountIsOfThemToo) {
    const Outcome outcome = outcome_of(
        {"-n", "-q", "-e", "start,exit", "--count", "1", "--", "/bin/sh", "-c", "exit 0"});
    EXPECT_THAT(plain(outcome.lines), ElementsAre(HasSubstr("start ")));
}

/// A descriptor that a child has from its parent is no news, nor does it count.
TEST(Inherited, IsToldOnlyOnRequest) {
    FdMaker maker;
    maker.ask("open " + made_file("group"));
    LogfiaRun run({"-n", "-q", "-j", "-f", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 3);
    const auto child = maker.numbers("fork-open " + made_file("passwd"));
    const std::string pid = std::to_string(child.at(0));
    records.next(
        [&](const JsonRecord& r) { return r["pid"] == pid && r["name"] == made_file("passwd"); });
    maker.ask("kill-child " + pid);
    const JsonRecord close =
        records.next([&](const JsonRecord& r) { return r["pid"] == pid && r["event"] == "close"; });
    EXPECT_EQ(close["name"], made_file("passwd"));
    EXPECT_EQ(close["at_exit"], "true");
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_EQ(of_pid(json_records(run), pid).size(), 2U);
}

TEST(Inherited, ShortChildrenLeaveNoRecord) {
    const Outcome outcome =
        outcome_of({"-n", "-q", "-j", "-f", "-d", "1", "--", "/bin/sh", "-c",
                    "i=0; while [ $i -lt 50 ]; do sleep 0; i=$((i + 1)); done"});
    EXPECT_EQ(outcome.status, 0);
    for (const std::string& line : outcome.lines) {
        const JsonRecord record(line);
        const bool is_open = record["event"] == "open" && record["comm"] == "sleep";
        EXPECT_FALSE(is_open && record.has("initial")) << line;
    }
}

TEST(NotName, AProgramIsLeftOutWhileItRuns) {
    TempDir directory;
    FdMaker maker;
    LogfiaRun run({"-n", "-q", "-j", "-f", "-d", "5", "--not-name", "sleep", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    const std::string file = directory.file("file");
    maker.ask("open " + as_word(file));
    const auto child = maker.numbers("fork-exec /bin/sleep 1000");
    const auto other = maker.numbers("fork-open " + as_word(file));
    records.next([&](const JsonRecord& r) {
        return r["pid"] == std::to_string(other.at(0)) && r["name"] == file;
    });
    kill(child.at(0), SIGKILL);
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    for (const JsonRecord& record : of_pid(json_records(run), std::to_string(child.at(0))))
        EXPECT_NE(record["comm"], "sleep") << record.summary();
}

TEST(NotName, WinsOverName) {
    FdMaker maker;
    const Outcome outcome = outcome_of({"-n", "-1", "--name", "fd_maker", "--not-name", "fd_*"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.lines, IsEmpty());
    EXPECT_THAT(outcome.errors, HasSubstr("that you may look into and that --not-name leaves in"));
}

TEST(Times, OfUtcHaveItsOffset) {
    FdMaker maker;
    const Outcome outcome =
        outcome_of(watch_arguments(maker, {"-1", "--utc"}), {.environment = {"TZ=EST+5"}});
    ASSERT_FALSE(outcome.lines.empty());
    for (const std::string& line : outcome.lines) EXPECT_THAT(line, HasSubstr("+00:00 "));
}

}  // namespace
}  // namespace logfia::test
