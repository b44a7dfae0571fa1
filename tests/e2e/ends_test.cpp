// How processes end, and what several of them give.

#include "support/made_file.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>

namespace logfia::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Ends, TheEndClosesWhatWasOpen) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(3));
    maker.ask("open " + made_file("passwd"));
    RecordStream(run).next("open", 3);
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    const JsonRecords closes = only(json_records(run), "close");
    ASSERT_EQ(closes.size(), 4U);
    for (std::size_t i = 0; i < closes.size(); ++i) {
        EXPECT_EQ(closes[i]["fd"], std::to_string(i));
        EXPECT_EQ(closes[i].has("held_ms"), i == 3);
        EXPECT_TRUE(closes[i].has("opened"));
    }
    EXPECT_EQ(run.errors(), "");
}

/// The interval is far longer than the test: only the pidfd can have reported the end.
TEST(Ends, ADeathIsNoticedAtOnce) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-d", "1000s"}));
    ASSERT_TRUE(run.wait_for_count(3));
    maker.child().signal(SIGKILL);
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(run.lines().size(), 6U);
}

TEST(Ends, AZombieHasEnded) {
    FdMaker maker;
    const int child = maker.fd("fork");
    LogfiaRun run({"-n", "-d", "5", std::to_string(child)});
    ASSERT_TRUE(run.wait_for_count(3)) << run.errors();
    ASSERT_EQ(kill(child, SIGKILL), 0);  // the parent does not wait for it
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(plain(run.lines()).size(), 6U);
}

TEST(Ends, AnExecClosesAndGoesOn) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd") + " cloexec");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 3);
    maker.ask("exec " + FdMaker::default_program());
    records.next("close", 3);
    maker.ask("open " + made_file("group"));
    records.next("open", 3, made_file("group"));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
}

struct Several {
    explicit Several(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) makers.push_back(std::make_unique<FdMaker>());
        std::sort(makers.begin(), makers.end(),
                  [](const auto& a, const auto& b) { return a->pid() < b->pid(); });
    }
    std::vector<std::string> arguments(std::vector<std::string> more) const {
        for (const auto& maker : makers) more.push_back(maker->pid_text());
        return more;
    }
    std::vector<std::unique_ptr<FdMaker>> makers;
};

TEST(SeveralProcesses, HaveLongColumnsAndAllEnd) {
    const Several several(3);
    LogfiaRun run(several.arguments({"-n", "-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(9)) << run.errors();
    std::size_t at = 0;
    for (const auto& maker : several.makers)
        for (const char* fd : {"0r", "1w", "2w"})
            EXPECT_THAT(without_time(run.lines().at(at++)),
                        MatchesRegex("open [^ ]+\\[" + maker->pid_text() + "\\] " + fd +
                                     " pipe:\\[[0-9]+\\]"));
    several.makers.at(1)->end();
    ASSERT_TRUE(run.wait_for_count(12));
    several.makers.at(0)->ask("open " + made_file("passwd"));
    EXPECT_TRUE(
        run.wait_for_line(several.makers.at(0)->pid_text() + "] 3r " + made_file("passwd")));
    several.makers.at(0)->end();
    several.makers.at(2)->end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(plain(run.lines()).size(), 12U + 1 + 4 + 3);
}

TEST(SeveralProcesses, NoLongLeavesTheColumnsOut) {
    const Several several(2);
    const Outcome outcome = outcome_of(several.arguments({"-n", "--once", "--no-long"}));
    ASSERT_EQ(outcome.lines.size(), 6U);
    for (const std::string& line : outcome.lines)
        EXPECT_THAT(without_time(line), MatchesRegex("open pipe:\\[[0-9]+\\]"));
}

TEST(SeveralProcesses, OneLookTellsThemByProcess) {
    const Several several(2);
    LogfiaRun run(several.arguments({"-n", "-j", "-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(6));
    RecordStream records(run);
    for (const auto& maker : several.makers) maker->ask("open " + made_file("passwd"));
    records.next("open", 3);
    records.next("open", 3);
    {
        const Standstill one_look(run);
        for (const auto& maker : several.makers) maker->ask("open " + made_file("group"));
        for (const auto& maker : several.makers) maker->ask("close 3");
    }
    records.next("open", 4);
    records.next("open", 4);
    EXPECT_EQ(run.interrupt(), 0);
    std::vector<std::string> last;
    const JsonRecords all = without_lost(json_records(run));
    for (auto record = all.end() - 4; record != all.end(); ++record)
        last.push_back((*record)["pid"] + ' ' + (*record)["event"]);
    const std::string a = several.makers[0]->pid_text();
    const std::string b = several.makers[1]->pid_text();
    EXPECT_THAT(last, ElementsAre(a + " close", b + " close", a + " open", b + " open"));
}

TEST(SeveralProcesses, AMissingOneIsNamedAndTheOthersAreWatched) {
    FdMaker gone;
    const std::string missing = gone.pid_text();
    gone.end();
    FdMaker maker;
    LogfiaRun run({"-n", "-d", "5", "-p", missing + "," + maker.pid_text()});
    ASSERT_TRUE(run.wait_for_count(3)) << run.errors();
    EXPECT_THAT(run.errors(), MatchesRegex("logfia: [^\n]*" + missing + "[^\n]*\n"));
    EXPECT_THAT(run.lines().at(0), HasSubstr('[' + maker.pid_text() + "] 0r"));
    maker.ask("open " + made_file("passwd"));
    ASSERT_TRUE(run.wait_for_line(made_file("passwd")));
    maker.end();
    EXPECT_EQ(run.finish(), 1);
    EXPECT_EQ(plain(run.lines()).size(), 8U);
}

TEST(SeveralProcesses, TheSameOneTwiceIsOne) {
    FdMaker maker;
    const Outcome outcome = outcome_of({"-n", "--once", maker.pid_text(), "-p", maker.pid_text()});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.lines.size(), 3U);
}

}  // namespace
}  // namespace logfia::test
