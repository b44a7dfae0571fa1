// The records that a change causes, their order, and their content.

#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace logfia::test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::MatchesRegex;

/// A helper under a watch that has seen what was open already: 0, 1 and 2.
struct Watched {
    explicit Watched(const std::vector<std::string>& options = {"-j", "-d", "5"})
        : run(watch_arguments(maker, options)) {
        if (!run.wait_for_count(3)) throw std::runtime_error("no watch: " + run.errors());
    }
    /// Everything that was written after the initial records.
    JsonRecords news() {
        const JsonRecords all = json_records(run);
        return without_lost({all.begin() + 3, all.end()});
    }

    FdMaker maker;
    LogfiaRun run;
    RecordStream records{run};
};

std::string number(int value) {
    return std::to_string(value);
}

TEST(Records, WhatWasOpenAlreadyIsInitial) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j"}));
    ASSERT_TRUE(run.wait_for_count(3));
    for (const JsonRecord& record : json_records(run)) {
        EXPECT_EQ(record["event"], "open");
        EXPECT_EQ(record["initial"], "true");
        EXPECT_EQ(record["type"], "pipe");
        EXPECT_EQ(record["pid"], maker.pid_text());
        EXPECT_FALSE(record.has("opened"));
    }
}

TEST(Records, OpenAndClose) {
    Watched watched;
    const int fd = watched.maker.fd("open " + made_file("passwd"));
    const JsonRecord open = watched.records.next("open", fd);
    EXPECT_EQ(open["name"], made_file("passwd"));
    EXPECT_FALSE(open.has("initial"));
    EXPECT_FALSE(open.has("held_ms"));
    watched.maker.ask("close " + number(fd));
    const JsonRecord close = watched.records.next("close", fd);
    EXPECT_EQ(close["name"], made_file("passwd"));
    EXPECT_EQ(close["opened"], open["time"]);
    EXPECT_GT(std::stod(close["held_ms"]), 0.0);
    EXPECT_EQ(watched.run.interrupt(), 0);
    EXPECT_EQ(watched.news().size(), 2U);
}

TEST(Records, TheCloseOfWhatWasInitialHasNoDuration) {
    FdMaker maker;
    const int fd = maker.fd("open " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    const JsonRecord open = records.next("open", fd);
    maker.ask("close " + number(fd));
    const JsonRecord close = records.next("close", fd);
    EXPECT_EQ(close["opened"], open["time"]);
    EXPECT_FALSE(close.has("held_ms"));
    EXPECT_FALSE(close.has("initial"));
}

TEST(Records, TwoDescriptorsOnOnePathAreTwo) {
    Watched watched;
    const int first = watched.maker.fd("open " + made_file("passwd"));
    const int second = watched.maker.fd("open " + made_file("passwd"));
    const int copy = watched.maker.fd("dup " + number(first));
    for (const int fd : {first, second, copy}) watched.records.next("open", fd);
    watched.maker.ask("close " + number(first));
    watched.records.next("close", first);
    watched.maker.ask("close " + number(copy));
    watched.records.next("close", copy);
    EXPECT_EQ(watched.run.interrupt(), 0);
    EXPECT_THAT(summaries(watched.news()),
                ElementsAre("open 3 " + made_file("passwd"), "open 4 " + made_file("passwd"),
                            "open 5 " + made_file("passwd"), "close 3 " + made_file("passwd"),
                            "close 5 " + made_file("passwd")));
}

TEST(Records, ANumberReopenedOnAnotherFileIsACloseAndAnOpen) {
    Watched watched;
    const int fd = watched.maker.fd("open " + made_file("passwd"));
    watched.records.next("open", fd);
    {
        const Standstill one_look(watched.run);
        watched.maker.ask("reopen " + number(fd) + " " + made_file("group"));
    }
    watched.records.next("open", fd);
    EXPECT_EQ(watched.run.interrupt(), 0);
    EXPECT_THAT(summaries(watched.news()),
                ElementsAre("open 3 " + made_file("passwd"), "close 3 " + made_file("passwd"),
                            "open 3 " + made_file("group")));
}

TEST(Records, ASocketReopenedOnItsNumberIsACloseAndAnOpen) {
    Watched watched;
    const int fd = watched.maker.fd("udp");
    const auto name = watched.records.next("open", fd)["name"];
    {
        const Standstill one_look(watched.run);
        watched.maker.ask("close " + number(fd));
        ASSERT_EQ(watched.maker.fd("udp"), fd);
    }
    EXPECT_EQ(watched.records.next("close", fd)["name"], name);
    EXPECT_NE(watched.records.next("open", fd)["name"], name);
}

TEST(Records, AnInodeThatIsGivenAgainIsAnotherFile) {
    // ext4 gives the number of an unlinked file to the next one at once.
    const TempDir directory;
    Watched watched;
    std::string name = directory.path("0");
    const int fd = watched.maker.fd("open " + name + " rw create");
    for (int i = 1; i <= 20; ++i) {
        ASSERT_EQ(watched.records.next("open", fd)["name"], name);
        {
            const Standstill one_look(watched.run);
            watched.maker.ask("unlink " + name);
            watched.maker.ask("close " + number(fd));
            name = directory.path(std::to_string(i));
            ASSERT_EQ(watched.maker.fd("open " + name + " rw create"), fd);
        }
        watched.records.next("close", fd);
    }
}

TEST(Records, RenameAndUnlinkWhileOpen) {
    const TempDir directory;
    Watched watched;
    const std::string from = directory.path("from");
    const std::string to = directory.path("to");
    const int fd = watched.maker.fd("open " + from + " rw create");
    EXPECT_FALSE(watched.records.next("open", fd).has("deleted"));
    watched.maker.ask("rename " + from + ' ' + to);
    const JsonRecord rename = watched.records.next("rename", fd);
    EXPECT_EQ(rename["old_name"], from);
    EXPECT_EQ(rename["name"], to);
    watched.maker.ask("unlink " + to);
    const JsonRecord unlink = watched.records.next("rename", fd);
    EXPECT_EQ(unlink["old_name"], to);
    EXPECT_EQ(unlink["name"], to + " (deleted)");
    EXPECT_EQ(unlink["deleted"], "true");
    watched.maker.ask("close " + number(fd));
    EXPECT_EQ(watched.records.next("close", fd)["name"], to + " (deleted)");
    EXPECT_EQ(watched.run.interrupt(), 0);
    EXPECT_EQ(watched.news().size(), 4U);
}

/// The helper sleeps: its CPU clock does not show what another process does to its files.
TEST(Records, ARenameByAnotherProcessIsToldToo) {
    const TempDir directory;
    FdMaker maker;
    FdMaker other;
    const std::string from = directory.path("from");
    const std::string to = directory.path("to");
    const int fd = maker.fd("open " + from + " rw create");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "20"}));
    RecordStream records(run);
    records.next("open", fd);
    other.ask("rename " + from + ' ' + to);
    EXPECT_EQ(records.next("rename", fd)["name"], to);
}

TEST(Records, ConnectAfterOpen) {
    Watched watched;
    const auto listener = watched.maker.numbers("tcp-listen");
    const int fd = watched.maker.fd("tcp-socket");
    watched.records.next("open", fd);
    const std::string port = number(listener.at(1));
    watched.maker.ask("connect " + number(fd) + " 127.0.0.1 " + port);
    const JsonRecord connect = watched.records.next("connect", fd);
    EXPECT_EQ(connect["type"], "tcp");
    EXPECT_EQ(connect["remote_address"], "127.0.0.1");
    EXPECT_EQ(connect["remote_port"], port);
    watched.maker.ask("close " + number(fd));
    EXPECT_EQ(watched.records.next("close", fd)["remote_port"], port);
}

TEST(Records, ConnectOfDatagrams) {
    Watched watched;
    for (const std::string family : {"4", "6"}) {
        const std::string address = family == "4" ? "127.0.0.1" : "::1";
        const int fd = watched.maker.fd("udp " + family);
        watched.records.next("open", fd);
        watched.maker.ask("connect " + number(fd) + ' ' + address + " 9");
        const JsonRecord connect = watched.records.next("connect", fd);
        EXPECT_EQ(connect["remote_address"], address);
        EXPECT_EQ(connect["remote_port"], "9");
    }
}

TEST(Records, ListenAfterOpen) {
    Watched watched;
    const int fd = watched.maker.fd("tcp-socket");
    watched.records.next("open", fd);
    watched.maker.ask("bind " + number(fd) + " 127.0.0.1");
    const auto port = watched.maker.numbers("listen " + number(fd)).at(1);
    const JsonRecord listen = watched.records.next("listen", fd);
    EXPECT_EQ(listen["state"], "listen");
    EXPECT_EQ(listen["local_port"], number(port));
}

TEST(Records, OrderWithinOneLook) {
    const TempDir directory;
    Watched watched;
    FdMaker& maker = watched.maker;
    const std::string file = directory.path("file");
    const int low = maker.fd("open " + made_file("passwd"));
    const int renamed = maker.fd("open " + file + " rw create");
    const int last = maker.fd("open " + made_file("passwd"));
    const int high = maker.fd("open " + made_file("passwd"));
    for (const int fd : {low, renamed, last, high}) watched.records.next("open", fd);
    const std::size_t before = watched.run.lines().size();
    {
        const Standstill one_look(watched.run);
        maker.ask("close " + number(high));
        maker.ask("close " + number(low));
        maker.ask("rename " + file + ' ' + file + "-2");
        maker.ask("dup " + number(last) + " 40");
        maker.ask("reopen " + number(last) + " " + made_file("group"));
    }
    watched.records.next("rename", renamed);
    EXPECT_EQ(watched.run.interrupt(), 0);
    const JsonRecords all = json_records(watched.run);
    const JsonRecords news =
        without_lost({all.begin() + static_cast<std::ptrdiff_t>(before), all.end()});
    EXPECT_THAT(summaries(news),
                ElementsAre("close 3 " + made_file("passwd"), "close 5 " + made_file("passwd"),
                            "close 6 " + made_file("passwd"), "open 5 " + made_file("group"),
                            "open 40 " + made_file("passwd"), "rename 4 " + file + "-2"));
    for (const JsonRecord& record : news) EXPECT_EQ(record["time"], news.front()["time"]);
}

/// Keeps logfia from its looks for several intervals of 5 ms: what is tested is time that passes.
void miss_looks(LogfiaRun& run) {
    ASSERT_TRUE(wait_for_looks(run)) << "its timetable has not begun";
    const Standstill stopped(run);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

TEST(Records, LooksThatCameLateAreTold) {
    Watched watched({"-j", "-d", "5", "-q"});
    ASSERT_NO_FATAL_FAILURE(miss_looks(watched.run));
    const JsonRecord lost = watched.records.next("lost");
    EXPECT_GE(std::stol(lost["missed_ticks"]), 2);
    EXPECT_THAT(lost["reason"],
                MatchesRegex("[0-9]+ looks came late, the longest gap [0-9.]+ m?s"));
    EXPECT_GE(std::stod(lost["longest_gap_ms"]), 50);
    for (const char* key : {"pid", "fd", "type", "name"}) EXPECT_FALSE(lost.has(key)) << key;
}

TEST(Records, LooksThatCameLateInLongText) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-l", "-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(3));
    ASSERT_NO_FATAL_FAILURE(miss_looks(run));
    ASSERT_TRUE(run.wait_for_line(" lost "));
    EXPECT_THAT(without_time(run.lines().at(3)),
                MatchesRegex("lost - - [0-9]+ looks came late, the longest gap [0-9.]+ m?s"));
}

TEST(Records, RealFilesLeaveOutTheRest) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    maker.ask("open / dir");
    for (const char* other : {"pipe", "udp", "eventfd", "memfd x", "open /dev/null"})
        maker.ask(other);
    const Outcome outcome = outcome_of(watch_arguments(maker, {"--once", "-r"}));
    EXPECT_THAT(plain(outcome.lines), ElementsAre("open " + made_file("passwd"), "open /"));
}

TEST(Records, TextOfOneAndOfLong) {
    FdMaker maker;
    maker.ask("comm two\\x20words");
    const int fd = maker.fd("open " + made_file("passwd"));
    const Outcome brief = outcome_of(watch_arguments(maker, {"--once"}));
    EXPECT_EQ(without_time(brief.lines.at(3)), "open " + made_file("passwd"));
    const Outcome full = outcome_of(watch_arguments(maker, {"--once", "--long"}));
    EXPECT_EQ(without_time(full.lines.at(3)), "open two\\x20words[" + maker.pid_text() + "] " +
                                                  number(fd) + "r " + made_file("passwd"));
}

TEST(Records, ACommandsNewNameIsOnTheRecordsAfterIt) {
    Watched watched;
    watched.maker.ask("comm renamed");
    const int fd = watched.maker.fd("open " + made_file("passwd"));
    EXPECT_EQ(watched.records.next("open", fd)["comm"], "renamed");
}

TEST(BackToBack, LooksAreNeverLate) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "0"}));
    RecordStream records(run);
    records.next("open", 2);
    const int fd = maker.fd("open " + made_file("hosts"));
    EXPECT_EQ(records.next("open", fd)["name"], made_file("hosts"));
    { const Standstill a_long_time(run); }
    maker.ask("close " + std::to_string(fd));
    records.next("close", fd);
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_TRUE(only(json_records(run), "lost").empty());
}

}  // namespace
}  // namespace logfia::test
