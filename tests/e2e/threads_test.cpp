// Threads: a first thread that has ended, threads with tables of their own, and a table that two
// processes share.

#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/want.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace logfia::test {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;

TEST(FirstThread, ItsEndIsNotTheProcessesEnd) {
    FdMaker maker;
    const int kept = maker.fd("open " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", kept);
    maker.ask("thread-exit-leader");
    ASSERT_TRUE(wait_for_looks(run));
    const int later = maker.fd("open " + made_file("group"));
    EXPECT_EQ(records.next("open", later)["name"], made_file("group"));
    EXPECT_THAT(only(json_records(run), "close"), IsEmpty());
    maker.ask("close " + std::to_string(kept));
    records.next("close", kept);
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(only(json_records(run), "close").size(), 5U);
    EXPECT_EQ(run.errors(), "");
}

TEST(FirstThread, ItMayHaveEndedBefore) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    maker.ask("thread-exit-leader");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    EXPECT_EQ(records.next("open", 3)["name"], made_file("passwd"));
    const int later = maker.fd("open " + made_file("group"));
    records.next("open", later);
    maker.child().signal(SIGKILL);
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(only(json_records(run), "close").size(), 5U);
}

/// With the gate: the CPU clock of the process goes on when its first thread has ended.
TEST(FirstThread, ItsEndAtTheUsualInterval) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "20"}));
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("thread-exit-leader");
    const int fd = maker.fd("open " + made_file("passwd"));
    records.next("open", fd);
    maker.ask("close " + std::to_string(fd));
    records.next("close", fd);
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_EQ(only(json_records(run), "close").size(), 1U);
}

/// The thread that calls execve(2) becomes the first one; its own number is gone.
TEST(FirstThread, AnExecMakesANewOne) {
    FdMaker maker;
    const int kept = maker.fd("open " + made_file("passwd"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", kept);
    maker.ask("thread-exit-leader");
    const int later = maker.fd("open " + made_file("group") + " cloexec");
    records.next("open", later);
    maker.ask("exec " + FdMaker::default_program());
    records.next("close", later);
    EXPECT_EQ(maker.fd("open " + made_file("hosts")), later);
    records.next("open", later, made_file("hosts"));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
}

/// The first one lives until then.
TEST(FirstThread, AnExecByAnotherMakesANewOne) {
    TempDir directory;
    const std::string file = directory.file("file");
    FdMaker maker;
    const int kept = maker.fd("open " + as_word(file));
    const int closed = maker.fd("open " + as_word(file) + " cloexec");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", closed);
    maker.ask("thread-exec " + as_word(FdMaker::default_program()));
    records.next("close", closed);
    EXPECT_EQ(maker.fd("open " + as_word(file)), closed);
    records.next("open", closed, file);
    maker.ask("close " + std::to_string(kept));
    records.next("close", kept);
    maker.end();
    EXPECT_EQ(run.finish(), 0);
}

const char* const kOwnTable =
    "logfia: process [0-9]+ \\([^)]*\\) has a thread with a descriptor "
    "table of its own[^\n]*\n";

TEST(ThreadTables, OneOfItsOwnIsToldOnce) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    FdMaker maker;
    maker.ask("thread-unshare " + made_file("passwd"));
    maker.ask("thread-unshare " + made_file("group"));
    LogfiaRun run(watch_arguments(maker, {"-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(3));
    ASSERT_TRUE(wait_for_looks(run));
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_THAT(run.errors(), MatchesRegex(kOwnTable));
    EXPECT_EQ(plain(run.lines()).size(), 3U);
    EXPECT_EQ(outcome_of(watch_arguments(maker, {"-1", "-q"})).errors, "");
}

TEST(ThreadTables, OneThatComesLaterIsToldWithinSeconds) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-d", "20"}));
    ASSERT_TRUE(run.wait_for_count(3));
    maker.ask("thread-unshare " + made_file("passwd"));
    run.wait_for([&](const Lines&) { return !run.errors().empty(); });
    EXPECT_THAT(run.errors(), MatchesRegex(kOwnTable));
}

/// When the first thread ends, the table of the others is the process's, not that of the stranger.
TEST(ThreadTables, OneOfItsOwnDoesNotFollowTheFirst) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    FdMaker maker;
    maker.ask("thread-unshare " + made_file("hosts"));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 2);
    ASSERT_TRUE(run.wait_for([&](const Lines&) { return !run.errors().empty(); }));
    maker.ask("thread-exit-leader");
    const int later = maker.fd("open " + made_file("group"));
    EXPECT_EQ(records.next("open", later)["name"], made_file("group"));
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_EQ(only(json_records(run), "open").size(), 4U);
    EXPECT_THAT(only(json_records(run), "close"), IsEmpty());
}

TEST(ThreadTables, OneThatHasEndedSaysNothingOfTheOthers) {
    if (!has_kcmp()) GTEST_SKIP() << "this kernel has no kcmp(2)";
    FdMaker maker;
    const int stranger = maker.numbers("thread-unshare " + made_file("hosts")).at(0);
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", 2);
    ASSERT_TRUE(run.wait_for([&](const Lines&) { return !run.errors().empty(); }));
    maker.ask("thread-end " + std::to_string(stranger));
    maker.ask("thread-exit-leader");
    const int later = maker.fd("open " + made_file("group"));
    EXPECT_EQ(records.next("open", later)["name"], made_file("group"));
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_THAT(only(json_records(run), "close"), IsEmpty());
}

TEST(ThreadTables, ThreadsThatShareItAreNoNews) {
    FdMaker maker;
    maker.ask("thread 3");
    const Outcome outcome = outcome_of(watch_arguments(maker, {"-1"}));
    EXPECT_EQ(outcome.errors, "");
    EXPECT_EQ(outcome.lines.size(), 3U);
}

/// The watched process sleeps while another process changes the table that both share.
TEST(SharedTables, AnothersChangesAreTold) {
    FdMaker maker;
    const int last = maker.numbers("fork-shared").at(2);
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "20"}));
    RecordStream records(run);
    records.next("open", last);
    // Long enough for the gate to believe that nothing happens.
    maker.ask("shared-open " + made_file("passwd") + " 200");
    const JsonRecord open = records.next("open", last + 1);
    EXPECT_EQ(open["name"], made_file("passwd"));
    EXPECT_EQ(open["pid"], maker.pid_text());
    maker.ask("shared-close " + open["fd"] + " 200");
    records.next("close", last + 1);
    EXPECT_EQ(run.interrupt(), 0);
}

}  // namespace
}  // namespace logfia::test
