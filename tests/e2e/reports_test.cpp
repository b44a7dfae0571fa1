// The reports at the end: the table, and the verdict on leaks.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace logfia::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

/// The helper as a command of logfia's, with records in a file; it opens files until it ends.
class Audit {
  public:
    explicit Audit(std::vector<std::string> options) {
        options.insert(options.begin(), {LogfiaRun::program(), "-n", "-o", file_.path()});
        options.insert(options.end(), {"--", FdMaker::default_program()});
        maker_.emplace(options);
    }
    FdMaker& maker() { return *maker_; }
    /// Waits until the piece has been seen `count` times more.
    void wait_for(const std::string& piece, std::size_t count = 1) {
        ASSERT_TRUE(eventually([&] {
            std::size_t found = 0;
            for (const std::string& line : file_.lines())
                found += line.find(piece) != std::string::npos ? 1U : 0U;
            return found >= count;
        })) << piece;
    }
    /// Counts JSON records of one event and name.
    void wait_for(const std::string& event, const std::string& name, std::size_t count) {
        ASSERT_TRUE(eventually([&] {
            std::size_t found = 0;
            for (const JsonRecord& record : file_.all())
                found += record["event"] == event && record["name"] == name ? 1U : 0U;
            return found >= count;
        })) << event;
    }
    int end() { return maker_->end(); }
    [[nodiscard]] Lines lines() const { return file_.lines(); }
    [[nodiscard]] std::string errors() { return maker_->child().errors(); }

  private:
    TempDir directory_;
    RecordFile file_{directory_.path() + "/records"};
    std::optional<FdMaker> maker_;
};

TEST(LeakVerdict, AGroupIsALeak) {
    Audit audit({"--leaks"});
    for (int i = 0; i < 10; ++i) audit.maker().ask("open " + made_file("passwd"));
    audit.maker().ask("open " + made_file("group"));
    audit.wait_for(made_file("group"));
    EXPECT_EQ(audit.end(), 3);
    const Lines lines = audit.lines();
    ASSERT_GE(lines.size(), 4U);
    EXPECT_EQ(lines[lines.size() - 4], "leaked descriptors, 10 or more alike:");
    EXPECT_THAT(lines[lines.size() - 3],
                ContainsRegex("^  10 of [0-9,]+ \\([0-9.]+ %\\)  fd_maker\\[[0-9]+\\]  file " +
                              made_file("passwd") + "  since [^ ]+ until the command ended$"));
    EXPECT_EQ(lines[lines.size() - 2], "left open, but no leak:");
    EXPECT_THAT(lines.back(), HasSubstr("file " + made_file("group")));
}

/// As a program leaves them that makes up names, with mkstemp(3) or otherwise. Names of letters
/// alone may be words.
TEST(LeakVerdict, FilesOfADirectoryAreAlike) {
    const std::vector<std::vector<std::string>> names = {
        {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"},
        {"qzkwbf", "ykfpdl", "abcdef", "mnbqwe", "tzrpal", "hgkdse", "pqmwne", "cvbtrw", "lodkew",
         "bnrtyk"},
        {"aB3xYz", "qzkwbf", "Zk91mQ", "ykfpdl", "x0Vb3d", "P2mdk3", "hgkdse", "k3K3k3", "lodkew",
         "UtR9sA"},
    };
    for (const auto& some : names) {
        const TempDir directory;
        Audit audit({"--leaks"});
        for (const std::string& name : some)
            audit.maker().ask("open " + directory.path() + "/" + name + " rw create");
        audit.wait_for(directory.path() + "/", some.size());
        EXPECT_EQ(audit.end(), 3) << some[0];
        const Lines lines = audit.lines();
        ASSERT_FALSE(lines.empty());
        EXPECT_THAT(lines.back(), AllOf(StartsWith("  10 of "),
                                        HasSubstr("  file " + directory.path() + "/*  since ")));
    }
}

/// The peer has closed its side before it was accepted: nobody reads what is left.
TEST(LeakVerdict, ConnectionsInCloseWaitShouldHaveBeenClosed) {
    for (const bool leave : {false, true}) {
        FdMaker client;
        Audit audit({"--leaks", "-t", "tcp"});
        const std::vector<int> listener = audit.maker().numbers("tcp-listen 127.0.0.1");
        for (int i = 0; i < 10; ++i) {
            const int fd = client.fd("tcp-connect 127.0.0.1 " + std::to_string(listener.at(1)));
            if (leave) client.ask("close " + std::to_string(fd));
            audit.maker().ask("tcp-accept " + std::to_string(listener.at(0)));
        }
        audit.wait_for(" tcp 127.0.0.1:", 11);
        EXPECT_EQ(audit.end(), leave ? 3 : 0);
        const Lines lines = audit.lines();
        const auto told = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("(10 in CLOSE_WAIT)") != std::string::npos;
        });
        EXPECT_EQ(told, leave ? 1 : 0);
    }
}

TEST(LeakVerdict, WhatIsClosedOrSingleIsNone) {
    Audit audit({"--leaks", "-j"});
    for (std::size_t i = 1; i <= 3; ++i) {
        const int fd = audit.maker().fd("open " + made_file("passwd"));
        audit.wait_for("open", made_file("passwd"), i);
        audit.maker().ask("close " + std::to_string(fd));
        audit.wait_for("close", made_file("passwd"), i);
    }
    audit.maker().ask("open " + made_file("group"));
    audit.wait_for("open", made_file("group"), 1);
    EXPECT_EQ(audit.end(), 0);
    const JsonRecord verdict(audit.lines().back());
    EXPECT_EQ(verdict["event"], "leaks");
    EXPECT_EQ(verdict["leaked"], "false");
    EXPECT_THAT(verdict["groups"], AllOf(HasSubstr(made_file("group")), HasSubstr("\"count\":1"),
                                         HasSubstr("\"leak\":false"), Not(HasSubstr("passwd"))));
}

TEST(LeakVerdict, TheLeastIsTheUsersChoice) {
    for (const auto& [least, status] : {std::pair{"3", 0}, std::pair{"1", 3}}) {
        Audit audit({"--leaks", "--leak-min", least});
        audit.maker().ask("open " + made_file("passwd"));
        audit.maker().ask("open " + made_file("passwd"));
        audit.wait_for(made_file("passwd"), 2);
        EXPECT_EQ(audit.end(), status) << least;
    }
}

TEST(LeakVerdict, FiltersDecideWhatCountsEventsDoNot) {
    Audit audit({"--leaks", "--leak-min", "2", "-e", "open", "-x", made_file("group"), "-C"});
    for (int i = 0; i < 2; ++i) audit.maker().ask("open " + made_file("group"));
    const int first = audit.maker().fd("open " + made_file("passwd"));
    audit.maker().ask("open " + made_file("passwd"));
    audit.wait_for("open " + made_file("passwd"), 2);
    audit.maker().ask("close " + std::to_string(first));
    audit.maker().ask("open /dev/zero");
    audit.wait_for("/dev/zero");
    EXPECT_EQ(audit.end(), 0);
    for (const std::string& line : audit.lines()) {
        EXPECT_THAT(line, Not(HasSubstr(" close ")));
        EXPECT_THAT(line, Not(HasSubstr(made_file("group"))));
    }
}

/// A shell makes the pipes of a pipeline just before the forks and closes them just after: the last
/// process to have them has inherited them. The shell itself is seen once more without them.
TEST(LeakVerdict, APipelineLeaksNothing) {
    for (int i = 0; i < 10; ++i) {
        LogfiaRun run({"-n", "-f", "--leaks", "--", "/bin/sh", "-c",
                       "echo a | cat | cat; echo over; read answer"});
        ASSERT_TRUE(run.wait_for_line("over"));
        ASSERT_TRUE(wait_for_looks(run));
        run.child().write("\n");
        EXPECT_EQ(run.finish(), 0) << testing::PrintToString(run.lines());
    }
}

TEST(LeakVerdict, TellsTimesAsNumbersWhereRecordsDo) {
    for (const char* style : {"unix", "start", "delta"}) {
        Audit audit({"--leaks", "-j", "--time", style});
        audit.maker().ask("open " + made_file("passwd"));
        audit.wait_for(made_file("passwd"));
        audit.end();
        EXPECT_THAT(audit.lines().back(), ContainsRegex("^\\{\"time\":[0-9]")) << style;
        EXPECT_THAT(audit.lines().back(), ContainsRegex("\"first_seen\":[0-9]")) << style;
    }
}

/// A server that runs keeps what it has: only growth over ten seconds and more would be a leak.
TEST(LeakVerdict, OfAWatchThatIsStopped) {
    FdMaker maker;
    const std::vector<int> listener = maker.numbers("tcp-listen 127.0.0.1");
    LogfiaRun run(watch_arguments(maker, {"--leaks", "-d", "5"}));
    ASSERT_TRUE(run.wait_for_line(":" + std::to_string(listener.at(1))));
    FdMaker client;
    for (int i = 0; i < 10; ++i) {
        client.ask("tcp-connect 127.0.0.1 " + std::to_string(listener.at(1)));
        maker.ask("tcp-accept " + std::to_string(listener.at(0)));
        maker.ask("open " + made_file("passwd"));
    }
    ASSERT_TRUE(run.wait_for([](const Lines& lines) {
        return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
                   return line.find(made_file("passwd")) != std::string::npos;
               }) == 10;
    }));
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_TRUE(run.wait_for_line("left open"));
    EXPECT_TRUE(run.wait_for_line("127.0.0.1:*"));
}

/// A program that is asked to end need not close what it has open.
TEST(LeakVerdict, OfACommandThatWasAskedToEnd) {
    for (const bool asked : {false, true}) {
        LogfiaRun run(
            {"-n", "--leaks", "--leak-min", "1", "--", "/bin/sh", "-c",
             "exec 7<" + made_file("passwd") + "; trap 'exit 0' TERM; read answer; exit 0"});
        ASSERT_TRUE(run.wait_for_line(made_file("passwd")));
        if (asked)
            kill(run.pid(), SIGTERM);
        else
            run.child().write("end\n");
        EXPECT_EQ(run.finish(), asked ? 0 : 3);
    }
}

TEST(SummaryTable, InsteadOfTheRecords) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    // Nothing is written before the end, so only the count can show that everything was seen.
    LogfiaRun run(watch_arguments(maker, {"-c", "-d", "5", "--count", "7"}));
    for (int i = 0; i < 3; ++i) maker.ask("open " + made_file("group"));
    EXPECT_EQ(run.finish(), 0);
    ASSERT_GE(run.lines().size(), 3U);
    EXPECT_THAT(run.lines()[0], ContainsRegex("^ *OPENS +CLOSES +OPEN +MOST +HELD +LONGEST NAME$"));
    EXPECT_TRUE(run.wait_for([](const Lines& lines) {
        return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return testing::Matches(
                ContainsRegex("^ +[0-3] +0 +3 +3 .* " + made_file("group") + "$"))(line);
        });
    }));
    EXPECT_THAT(run.lines().back(), ContainsRegex("^1 process, [0-9]+ looks?( .*)?, 7 records$"));
}

TEST(SummaryTable, BesideTheRecordsAsJson) {
    Audit audit({"-C", "-j"});
    audit.maker().ask("open " + made_file("passwd"));
    audit.wait_for(made_file("passwd"));
    EXPECT_EQ(audit.end(), 0);
    for (const std::string& line : audit.lines()) EXPECT_NE(JsonRecord(line)["event"], "summary");
    const Lines apart = complete_lines(audit.errors());
    ASSERT_THAT(apart, SizeIs(1));
    const JsonRecord summary(apart[0]);
    EXPECT_EQ(summary["event"], "summary");
    EXPECT_EQ(summary["processes"], "1");
    EXPECT_THAT(summary["rows"], HasSubstr(made_file("passwd")));
}

TEST(SummaryTable, AndVerdictGoTogether) {
    Audit audit({"-c", "--leaks"});
    audit.maker().ask("open " + made_file("passwd"));
    // No record shows that the descriptor was seen; the end of the process reports everything.
    audit.end();
    const Lines lines = audit.lines();
    ASSERT_GE(lines.size(), 3U);
    EXPECT_THAT(lines[0], HasSubstr("OPENS"));
    EXPECT_THAT(audit.errors(), IsEmpty());
}

}  // namespace
}  // namespace logfia::test
