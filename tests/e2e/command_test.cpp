// A command that logfia starts behaves as if it had been started without logfia.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace logfia::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> started(const std::vector<std::string>& options,
                                 const std::vector<std::string>& command) {
    std::vector<std::string> words{"-n"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

Outcome run_script(const std::vector<std::string>& options, const std::string& script) {
    return outcome_of(started(options, {"/bin/sh", "-c", script}));
}

struct Ending {
    const char* script;
    int status;
};

TEST(Commands, TheirStatusIsOurs) {
    const Ending endings[] = {{"true", 0},
                              {"exit 7", 7},
                              {"exit 255", 255},
                              {"kill -SEGV $$", 139},
                              {"kill -TERM $$", 143},
                              {"kill -KILL $$", 137}};
    for (const auto& [script, status] : endings) {
        const Outcome outcome = run_script({"-q"}, script);
        EXPECT_EQ(outcome.status, status) << script;
        EXPECT_EQ(outcome.errors, "") << script;
        EXPECT_EQ(run_script({"-q", "-f"}, script).status, status) << script;
    }
}

TEST(Commands, ThatCannotBeRun) {
    const Outcome missing = outcome_of(started({}, {"no-such-command"}));
    EXPECT_EQ(missing.status, 127);
    EXPECT_THAT(missing.lines, IsEmpty());
    EXPECT_THAT(missing.errors, StartsWith("logfia: "));
    EXPECT_THAT(missing.errors, HasSubstr("no-such-command: No such file or directory"));

    TempDir directory;
    const std::string file = directory.file("data", "no program");
    const Outcome refused = outcome_of(started({}, {file}));
    EXPECT_EQ(refused.status, 126);
    EXPECT_THAT(refused.lines, IsEmpty());
    EXPECT_THAT(refused.errors, HasSubstr("Permission denied"));
    EXPECT_EQ(outcome_of(started({}, {directory.path()})).status, 126);

    // As in a shell: a command that no directory contains is not found, even if some directories
    // cannot be read.
    std::filesystem::create_directory(directory.path() + "/shut");
    std::filesystem::permissions(directory.path() + "/shut", std::filesystem::perms::none);
    const ChildOptions shut{.environment = {"PATH=" + directory.path() + "/shut:/usr/bin:/bin"},
                            .run_as = RunAs::nobody};
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    EXPECT_EQ(outcome_of(started({}, {"no-such-command"}), shut).status, 127);
}

TEST(Commands, AnEmptyWordIsShownAsOne) {
    const Outcome outcome = outcome_of(started({}, {""}));
    EXPECT_EQ(outcome.status, 127);
    EXPECT_THAT(outcome.errors, StartsWith("logfia: run '': No such file or directory"));
    EXPECT_THAT(outcome_of(started({"--proc", ""}, {"true"})).errors,
                StartsWith("logfia: --proc: the name of the directory is empty"));
}

TEST(Commands, OursIsTheFaultOnlyWhenTheirsIsNone) {
    EXPECT_EQ(run_script({"-o", "/dev/full"}, "exit 7").status, 7);
    const Outcome outcome = run_script({"-o", "/dev/full"}, "exit 0");
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("No space left on device"));
}

TEST(Commands, AreNotRunWhenNothingCouldBeRecorded) {
    TempDir directory;
    const std::string mark = directory.path() + "/ran";
    const Outcome outcome = outcome_of(
        started({"-o", directory.path() + "/no/such/dir"}, {"/bin/sh", "-c", "touch " + mark}));
    EXPECT_EQ(outcome.status, 1);
    EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST(Commands, HaveTheirStreamsToThemselves) {
    TempDir directory;
    LogfiaRun run(started({"-o", directory.path() + "/records"}, {"cat"}));
    run.child().write("typed\n");
    ASSERT_TRUE(run.wait_for_line("typed"));
    run.child().close_stdin();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(run.lines(), ElementsAre("typed"));
    EXPECT_EQ(run.errors(), "");
}

/// Descriptors that the command was started with are `initial`, and none of ours is among them.
TEST(Commands, AreSeenFromTheirFirstInstruction) {
    TempDir directory;
    for (int i = 0; i < 20; ++i) {
        const RecordFile file(directory.path() + "/records" + std::to_string(i));
        ASSERT_EQ(outcome_of(started({"-j", "-o", file.path()}, {"/bin/true"})).status, 0);
        const JsonRecords records = without_lost(file.all());
        const JsonRecords opens = only(records, "open");
        ASSERT_GE(opens.size(), 3U);
        for (std::size_t fd = 0; fd < 3; ++fd) {
            EXPECT_EQ(opens[fd]["fd"], std::to_string(fd));
            EXPECT_EQ(opens[fd]["initial"], "true");
            EXPECT_EQ(opens[fd]["comm"], "true");
        }
        // The loader's libraries, if a look came at that time.
        for (std::size_t i_open = 3; i_open < opens.size(); ++i_open) {
            EXPECT_EQ(opens[i_open]["type"], "file") << opens[i_open].summary();
            EXPECT_FALSE(opens[i_open].has("initial"));
        }
        EXPECT_EQ(only(records, "close").size(), opens.size());
    }
}

TEST(Commands, OpenAndCloseLikeAnyProcess) {
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    FdMaker maker(
        {LogfiaRun::program(), "-n", "-j", "-o", file.path(), "--", FdMaker::default_program()});
    const int fd = maker.fd("open " + made_file("passwd"));
    const JsonRecord open =
        file.wait_for([](const JsonRecord& r) { return r["name"] == made_file("passwd"); });
    EXPECT_EQ(open["fd"], std::to_string(fd));
    EXPECT_FALSE(open.has("initial"));
    EXPECT_EQ(maker.end(7), 7);
    const JsonRecords closes = only(file.all(), "close");
    EXPECT_EQ(closes.size(), only(file.all(), "open").size());
}

/// The output of two runs, with logfia and without, must be the same.
std::string lines_of(const Outcome& outcome) {
    std::string text;
    for (const std::string& line : outcome.lines) text += line + '\n';
    return text + outcome.errors;
}

void expect_same(const std::string& before, const std::string& command) {
    TempDir directory;
    const std::string with =
        before + " exec \"$0\" -n -f -d 1 -o " + directory.path() + "/records -- " + command;
    EXPECT_EQ(lines_of(outcome_of_script(with)),
              lines_of(outcome_of_script(before + ' ' + command)))
        << command;
}

TEST(Commands, GetSignalsAndLimitsAsWeGotThem) {
    expect_same("", "grep -E '^(Sig|Shd)(Blk|Ign|Cgt)' /proc/self/status");
    expect_same("trap '' PIPE INT HUP USR1;", "grep -E '^SigIgn' /proc/self/status");
    expect_same("ulimit -S -n 77;", "sh -c 'ulimit -S -n; ulimit -H -n'");
    expect_same("", "cat /proc/self/timerslack_ns");
}

/// If SIGCHLD is ignored, the kernel keeps no status, and waitpid(2) finds no child.
TEST(Commands, AreWaitedForByWhoWasToldToIgnoreThem) {
    const std::string ignoring = "exec env --ignore-signal=CHLD ";
    if (outcome_of_script(ignoring + "true").status != 0) GTEST_SKIP() << "env(1) cannot do that";
    const std::string logfia = ignoring + "\"$0\" -n -q -o /dev/null -- ";
    EXPECT_EQ(outcome_of_script(logfia + "sh -c 'exit 7'").status, 7);
    EXPECT_EQ(outcome_of_script(logfia + "grep SigIgn /proc/self/status").lines,
              outcome_of_script(ignoring + "grep SigIgn /proc/self/status").lines);
}

TEST(Commands, GetNoneOfOurDescriptors) {
    expect_same("", "ls /proc/self/fd");
    expect_same("exec 7<" + made_file("passwd") + ";", "ls /proc/self/fd");
    expect_same("exec <&-;", "sh -c 'ls /proc/$$/fd'");
}

TEST(Commands, GetTheSignalsThatAskThemToEnd) {
    for (const int signal : {SIGTERM, SIGHUP}) {
        TempDir directory;
        FdMaker maker({LogfiaRun::program(), "-n", "-o", directory.path() + "/records", "--",
                       FdMaker::default_program()});
        maker.child().signal(signal);
        EXPECT_EQ(maker.child().wait(), 128 + signal);
    }
}

/// The terminal sends SIGINT to both; whether to end is the command's choice.
TEST(Commands, AreNotLeftAloneOnAnInterrupt) {
    TempDir directory;
    FdMaker maker({LogfiaRun::program(), "-n", "-o", directory.path() + "/records", "--",
                   FdMaker::default_program()});
    maker.child().signal(SIGINT);
    maker.child().signal(SIGQUIT);
    maker.ask("open " + made_file("passwd"));
    EXPECT_EQ(maker.end(5), 5);
}

TEST(Commands, AreWaitedForWhenTheRecordingEndsEarly) {
    TempDir directory;
    const std::string mark = directory.path() + "/mark";
    const std::string script = "sleep 0.1; touch " + mark + "; exit 4";
    for (const std::vector<std::string>& early :
         {std::vector<std::string>{"--count", "1"}, {"--duration", "1ms"}}) {
        const Outcome outcome = run_script(early, script);
        EXPECT_EQ(outcome.status, 4);
        EXPECT_TRUE(std::filesystem::remove(mark));
    }
    const Outcome gone =
        outcome_of_script("{ \"$0\" -n -- sh -c '" + script + "'; echo $? >&2; } | head -n 1");
    EXPECT_THAT(gone.errors, HasSubstr("4\n"));
    EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST(Commands, DoNotNoticeOurEnd) {
    TempDir directory;
    const std::string mark = directory.path() + "/mark";
    const std::string begun = directory.path() + "/begun";
    const std::string script = "touch " + begun + "; read line; touch " + mark;
    LogfiaRun run(started({"-o", directory.path() + "/records"}, {"/bin/sh", "-c", script}));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(begun); }));
    run.child().signal(SIGKILL);
    EXPECT_EQ(run.finish(), 128 + SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(mark));
    run.child().write("go\n");
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(mark); }));
}

TEST(Commands, KeepTheirOrphansWithFollow) {
    TempDir directory;
    const std::string mark = directory.path() + "/mark";
    const std::string script = "(sleep 0.2; touch " + mark + ") >/dev/null 2>&1 & exit 3";
    EXPECT_EQ(run_script({"-f", "-q"}, script).status, 3);
    EXPECT_TRUE(std::filesystem::exists(mark)) << "the last descendant is waited for";
}

}  // namespace
}  // namespace logfia::test
