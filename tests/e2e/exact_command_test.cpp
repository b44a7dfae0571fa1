// Exact: what else goes with a command goes with -X.

#include "support/exact.hpp"
#include "support/fd_truth.hpp"
#include "support/made_file.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace logfia::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class ExactCommands : public ExactTest {
  protected:
    Outcome run(const std::vector<std::string>& options, const std::vector<std::string>& command) {
        return outcome_of(words(options, command));
    }
    Outcome run_script(const std::vector<std::string>& options, const std::string& script) {
        return run(options, {"/bin/sh", "-c", script});
    }
};

JsonRecords records_of(const Outcome& outcome) {
    JsonRecords records;
    for (const std::string& line : outcome.lines) records.emplace_back(line);
    return records;
}

std::vector<std::string> names_of(const Outcome& outcome) {
    std::vector<std::string> names;
    for (const JsonRecord& record : records_of(outcome)) names.push_back(record["name"]);
    return names;
}

TEST_F(ExactCommands, TheirStatusIsOurs) {
    const std::pair<const char*, int> endings[] = {{"true", 0},
                                                   {"exit 7", 7},
                                                   {"exit 255", 255},
                                                   {"kill -SEGV $$", 139},
                                                   {"kill -TERM $$", 143},
                                                   {"/bin/true; exit 9", 9}};
    for (const auto& [script, status] : endings) {
        for (const char* follow : {"-q", "-f"}) {
            const Outcome outcome = run_script({"-q", follow}, script);
            EXPECT_EQ(outcome.status, status) << script;
            EXPECT_EQ(outcome.errors, "") << script;
        }
    }
}

/// The filter is gone before the process is: what it leaves open is closed by its end.
TEST_F(ExactCommands, TheLastOneThatIsKilledHasAnEnd) {
    const std::string script = "exec 5<" + made_file("passwd") + "; kill -KILL $$";
    const Outcome outcome = run_script({"-j", "-e", "+exit"}, script);
    EXPECT_EQ(outcome.status, 137);
    const JsonRecords records = records_of(outcome);
    EXPECT_EQ(only(records, "open").size(), only(records, "close").size());
    const JsonRecords ends = only(records, "exit");
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_EQ(ends.front()["signal"], "9");
}

/// A program whose file may be executed but not read may not be looked into: by root it may.
TEST_F(ExactCommands, ThatMayNotBeLookedInto) {
    const std::string program = directory_.path("unreadable");
    std::filesystem::copy_file("/usr/bin/head", program);
    std::filesystem::permissions(
        program, std::filesystem::perms::others_exec | std::filesystem::perms::owner_exec);
    const std::string script = program + " -c0 " + made_file("passwd") + "; :";
    for (const Outcome& outcome :
         {run({"-j"}, {program, "-c0", made_file("passwd")}), run_script({"-j", "-f"}, script)}) {
        const JsonRecords records = records_of(outcome);
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        EXPECT_EQ(only(records, "open").size(), only(records, "close").size());
        EXPECT_THAT(names_of(outcome), Contains(geteuid() == 0 ? made_file("passwd") : "?"));
    }
}

TEST_F(ExactCommands, ThatCannotBeRun) {
    const Outcome missing = run({}, {"no-such-command"});
    EXPECT_EQ(missing.status, 127);
    EXPECT_THAT(missing.lines, IsEmpty());
    EXPECT_THAT(missing.errors, HasSubstr("no-such-command: No such file or directory"));
    const Outcome refused = run({}, {directory_.file("data", "no program")});
    EXPECT_EQ(refused.status, 126);
    EXPECT_THAT(refused.lines, IsEmpty());
}

TEST_F(ExactCommands, OnlyACommandIsWatchedSo) {
    FdMaker maker;
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"-X", maker.pid_text()},
                                                  {"-X", "--all"},
                                                  {"-X", "--name", "fd_maker"},
                                                  {"-X", "-d", "5", "--", "/bin/true"},
                                                  {"-X", "--proc", "/proc", "--", "/bin/true"}}) {
        const Outcome outcome = outcome_of(wrong);
        EXPECT_EQ(outcome.status, 2) << testing::PrintToString(wrong);
        EXPECT_THAT(outcome.errors, HasSubstr("exact"));
    }
}

/// The program that is started is given its streams; nothing of ours is among its descriptors.
TEST_F(ExactCommands, WhatTheyAreGivenIsInitial) {
    const Outcome outcome = run({"-j"}, truth_command("nothing", 0));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    std::vector<std::string> given;
    for (const JsonRecord& record : records_of(outcome))
        if (record.has("initial")) given.push_back(record["event"] + record["fd"]);
    EXPECT_THAT(given, ElementsAre("open0", "open1", "open2"));
    EXPECT_EQ(only(records_of(outcome), "open").size(), only(records_of(outcome), "close").size());
    const Outcome without = run({"-j", "--no-initial"}, truth_command("nothing", 0));
    for (const JsonRecord& record : records_of(without)) EXPECT_FALSE(record.has("initial"));
}

TEST_F(ExactCommands, ChildrenAreToldWithFollowAlone) {
    const std::string script = ": <" + made_file("passwd") + "; (: <" + made_file("group") + "); :";
    const Outcome alone = run_script({"-j"}, script);
    EXPECT_THAT(names_of(alone), Contains(made_file("passwd")));
    EXPECT_THAT(names_of(alone), Not(Contains(made_file("group"))));
    const JsonRecords records = records_of(alone);
    for (const JsonRecord& record : records) EXPECT_EQ(record["pid"], records.front()["pid"]);
    EXPECT_THAT(names_of(run_script({"-j", "-f"}, script)),
                AllOf(Contains(made_file("passwd")), Contains(made_file("group"))));
}

/// A child that lives on has our filter all its life: its calls must go on without us.
TEST_F(ExactCommands, ChildrenAreWaitedForWithFollowAlone) {
    const std::string fifo = directory_.path("fifo");
    const std::string mark = directory_.path("mark");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const std::string script = "(read line <" + fifo + "; : <" + made_file("group") + "; touch " +
                               mark + ") >/dev/null 2>&1 & exit 3";
    const Outcome outcome = run_script({"-j"}, script);
    EXPECT_EQ(outcome.status, 3);
    EXPECT_FALSE(std::filesystem::exists(mark));
    write_file(fifo, "go on\n");
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(mark); }));
    std::filesystem::remove(mark);

    LogfiaRun run(words({"-f", "-q", "-o", records_.path()}, {"/bin/sh", "-c", script}));
    EXPECT_EQ(run.finish(std::chrono::milliseconds(100)), -1) << "a child still runs";
    write_file(fifo, "go on\n");
    EXPECT_EQ(run.finish(), 3);
    EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST_F(ExactCommands, ProcessesAreToldFromTheirStartToTheirEnd) {
    const Outcome outcome =
        run_script({"-j", "-f", "-e", "+start,+exec,+exit"}, "/bin/true; exit 3");
    EXPECT_EQ(outcome.status, 3);
    const JsonRecords records = records_of(outcome);
    ASSERT_THAT(records, Not(IsEmpty()));
    EXPECT_EQ(records.front()["event"], "start");
    const std::string command = records.front()["pid"];
    std::vector<std::string> childs;
    for (const JsonRecord& record : records) {
        const bool is_child = record["pid"] != command;
        const bool is_end = record["event"] == "exit";
        EXPECT_EQ(record["status"], !is_end ? "" : is_child ? "0" : "3");
        if (!is_child) continue;
        childs.push_back(record["event"]);
        if (record["event"] == "start") {
            EXPECT_EQ(record["ppid"], command);
        }
        if (record["event"] == "exec") {
            EXPECT_THAT(record["exe"], testing::EndsWith("true"));
        }
    }
    ASSERT_GE(childs.size(), 3U);
    EXPECT_EQ(childs.front(), "start");
    EXPECT_EQ(childs.back(), "exit");
    EXPECT_EQ(std::count(childs.begin(), childs.end(), "exec"), 1);
    EXPECT_EQ(records.back()["event"], "exit");
    EXPECT_EQ(records.back()["pid"], command);
}

TEST_F(ExactCommands, WhatAChildHasFromItsParentIsToldOnRequest) {
    const std::string script = "exec 7<" + made_file("passwd") + "; /bin/cat <" +
                               made_file("group") + " >/dev/null; exit 0";
    const auto initial = [&](const std::vector<std::string>& options) {
        const JsonRecords records = records_of(run_script(options, script));
        return std::count_if(records.begin(), records.end(), [&](const JsonRecord& record) {
            return record["pid"] != records.front()["pid"] && record.has("initial") &&
                   record["name"] == made_file("passwd");
        });
    };
    EXPECT_EQ(initial({"-j", "-f"}), 0);
    EXPECT_EQ(initial({"-j", "-f", "--inherited"}), 1);
}

TEST_F(ExactCommands, ProgramsAreLeftOutByName) {
    const Outcome outcome =
        run_script({"-j", "-f", "--not-name", "cat"},
                   "/bin/cat " + made_file("group") + " >/dev/null; : <" + made_file("passwd"));
    for (const JsonRecord& record : records_of(outcome)) EXPECT_NE(record["comm"], "cat");
    EXPECT_THAT(names_of(outcome),
                AllOf(Contains(made_file("passwd")), Not(Contains(made_file("group")))));
}

TEST_F(ExactCommands, FiltersChooseTheirRecords) {
    const std::string script = ": <" + made_file("passwd") + "; : <" + made_file("group");
    for (const std::string& name : names_of(run_script({"-j", "-i", "passwd"}, script)))
        EXPECT_EQ(name, made_file("passwd"));
    EXPECT_THAT(names_of(run_script({"-j", "-t", "file", "-x", made_file("group")}, script)),
                AllOf(Contains(made_file("passwd")), Each(testing::StartsWith("/")),
                      Not(Contains(made_file("group")))));
    for (const JsonRecord& record :
         records_of(run_script({"-j", "-e", "close", "-i", "group"}, script)))
        EXPECT_EQ(record.summary(), "close " + record["fd"] + ' ' + made_file("group"));
}

TEST_F(ExactCommands, AreWaitedForWhenTheRecordingEndsEarly) {
    const std::string mark = directory_.path("mark");
    const std::string script =
        "sleep 0.1; : <" + made_file("passwd") + "; touch " + mark + "; exit 4";
    for (const std::vector<std::string>& early :
         {std::vector<std::string>{"--count", "2"}, {"--duration", "1ms"}}) {
        const Outcome outcome = run_script(early, script);
        EXPECT_EQ(outcome.status, 4);
        EXPECT_TRUE(std::filesystem::remove(mark));
        EXPECT_THAT(outcome.lines, Not(Contains(HasSubstr(made_file("passwd")))));
        if (early[0] == "--count") {
            EXPECT_THAT(outcome.lines, SizeIs(2));
        }
    }
}

TEST_F(ExactCommands, GetTheSignalsThatAskThemToEnd) {
    for (const int signal : {SIGTERM, SIGHUP}) {
        ExactMaker exact;
        exact.maker().child().signal(signal);
        EXPECT_EQ(exact.maker().child().wait(), 128 + signal);
    }
    ExactMaker exact;
    exact.maker().child().signal(SIGINT);
    exact.maker().ask("open " + made_file("passwd"));
    EXPECT_EQ(exact.maker().end(5), 5);
}

/// The output of two runs, with logfia and without, must be the same.
TEST_F(ExactCommands, GetTheirSurroundingsAsWeGotThem) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "ls /proc/self/fd"},
        {"exec 7</dev/null;", "ls /proc/self/fd"},
        {"exec <&-;", "sh -c 'ls /proc/$$/fd'"},
        {"", "grep -E '^(Sig|Shd)(Blk|Ign|Cgt)' /proc/self/status"},
        {"trap '' PIPE INT HUP USR1;", "grep -E '^SigIgn' /proc/self/status"},
        {"ulimit -S -n 77;", "sh -c 'ulimit -S -n; ulimit -H -n'"},
        {"umask 031;", "sh -c umask"},
    };
    for (const auto& [before, command] : cases) {
        const std::string with =
            std::string(before) + " exec \"$0\" -X -n -f -o " + records_.path() + " -- " + command;
        const Outcome watched = outcome_of_script(with);
        const Outcome alone = outcome_of_script(std::string(before) + ' ' + command);
        EXPECT_EQ(watched.lines, alone.lines) << command;
        EXPECT_EQ(unusual_errors(watched.errors), alone.errors) << command;
    }
}

TEST_F(ExactCommands, LeaksAreWhatWasLeftOpen) {
    // The last call is a moment before the end, without which there is no verdict.
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(run({"--leaks", "--leak-min", "5"}, truth_command("leaf", 20)).status, 3);
        std::filesystem::remove(truth_path());
    }
    const Outcome none = run({"--leaks", "--leak-min", "1", "-i", directory_.path() + "/f*"},
                             truth_command("files", 20));
    EXPECT_EQ(none.status, 0) << none.errors;
}

TEST_F(ExactCommands, TheTableCountsAll) {
    const Outcome outcome = run({"-c"}, truth_command("files", 100));
    EXPECT_EQ(outcome.status, 0);
    const std::string pattern = "^ +100 +100 +0 +1 .*/f\\* \\(50 names\\)$";
    EXPECT_THAT(outcome.lines, Contains(ContainsRegex(pattern)));
}

TEST_F(ExactCommands, TextIsAsEver) {
    const Outcome outcome = run({"-f"}, truth_command("files", 3));
    EXPECT_THAT(outcome.lines, Contains(ContainsRegex(" open fd_truth\\[[0-9]+\\] 3r " +
                                                      directory_.path() + "/f001$")));
    EXPECT_THAT(outcome.lines, Contains(ContainsRegex(" close fd_truth\\[[0-9]+\\] 3r " +
                                                      directory_.path() + "/f001$")));
    EXPECT_EQ(unusual_errors(outcome.errors), "");
}

}  // namespace
}  // namespace logfia::test
