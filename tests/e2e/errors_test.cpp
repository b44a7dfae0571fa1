// Refusals, their words and their status.

#include "support/dns_server.hpp"
#include "support/made_file.hpp"
#include "support/sanitizers.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace logfia::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

const ChildOptions kNobody{.run_as = RunAs::nobody};

struct Usage {
    const char* title;
    std::vector<std::string> arguments;
    const char* says;
};

void PrintTo(const Usage& usage, std::ostream* out) {
    *out << usage.title;
}

const Usage kUsages[] = {
    {"Nothing", {}, "no process"},
    {"PidZero", {"0"}, "'0' is not a PID"},
    {"NegativePid", {"-5"}, "'-5' is not a PID"},
    {"HugePid", {"99999999999"}, "'99999999999' is not a PID"},
    {"Word", {"nginx"}, "'nginx'"},
    {"NumberAndLetters", {"12x"}, "'12x'"},
    {"EmptyWord", {""}, "an empty word"},
    {"Path", {"/var/log"}, "'/var/log' is a path"},
    {"Dot", {"."}, "'.' is a path"},
    {"BadList", {"-p", "1,,2"}, "'' is not a PID"},
    {"NegativeInterval", {"-d", "-1", "1"}, "'-1'"},
    {"IntervalOfWords", {"-d", "soon", "1"}, "'soon'"},
    {"IntervalOfMinutes", {"-d", "1m", "1"}, "'1m'"},
    {"ZeroDuration", {"--duration", "0", "1"}, "--duration"},
    {"ZeroCount", {"--count", "0", "1"}, "--count"},
    {"BadTimeStyle", {"--time", "noon", "1"}, "'noon'"},
    {"BadColor", {"--color", "red", "1"}, "'red'"},
    {"BadDnsServer", {"--dns-server", "nowhere", "1"}, "--dns-server"},
    {"BadDnsPort", {"--dns-server", "127.0.0.1:99999", "1"}, "99999"},
    {"EmptyDnsServer", {"--dns-server", "127.0.0.1,", "1"}, "--dns-server"},
    {"NoDuration", {"--duration", "", "1"}, "--duration: ''"},
    {"NoCount", {"--count", "", "1"}, "--count: ''"},
    {"NoLeakMin", {"--leaks", "--leak-min", "", "1"}, "--leak-min: ''"},
    {"NoDnsWait", {"--dns-wait", "", "1"}, "--dns-wait: ''"},
    {"NoDnsServer", {"--dns-server", "", "1"}, "--dns-server ''"},
    {"UnknownFlag", {"--no-such-flag", "1"}, "no-such-flag"},
    {"LongAndNoLong", {"-l", "--no-long", "1"}, "--no-long"},
};

class UsageErrors : public testing::TestWithParam<Usage> {};

TEST_P(UsageErrors, SayWhatIsWrongWithStatusTwo) {
    const Outcome outcome = outcome_of(GetParam().arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.lines, testing::IsEmpty());
    EXPECT_THAT(outcome.errors, HasSubstr(GetParam().says));
    for (const std::string& line : complete_lines(outcome.errors))
        EXPECT_THAT(line, StartsWith("logfia: "));
}

INSTANTIATE_TEST_SUITE_P(All, UsageErrors, testing::ValuesIn(kUsages),
                         [](const auto& usage) { return std::string(usage.param.title); });

/// Status 1, no record, and one line on standard error.
void expect_refused(const Outcome& outcome, const std::string& regex) {
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.lines, testing::IsEmpty());
    EXPECT_THAT(outcome.errors, MatchesRegex("logfia: [^\n]*\n"));
    EXPECT_THAT(outcome.errors, ContainsRegex(regex));
}

TEST(Errors, AMissingProcess) {
    FdMaker gone;
    gone.end();
    expect_refused(outcome_of({"-n", gone.pid_text()}), gone.pid_text() + ": No such process");
}

TEST(Errors, AThreadNamesItsProcess) {
    FdMaker maker;
    const int tid = maker.fd("thread");
    expect_refused(outcome_of({"-n", std::to_string(tid)}),
                   "it is a thread of process " + maker.pid_text());
}

TEST(Errors, AZombie) {
    FdMaker maker;
    const int child = maker.fd("fork");
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return status_line(child, "State").starts_with('Z'); }));
    expect_refused(outcome_of({"-n", std::to_string(child)}), "zombie");
}

TEST(Errors, SomebodyElsesProcess) {
    if (geteuid() == 0) {
        FdMaker maker;  // root's
        expect_refused(outcome_of({"-n", maker.pid_text()}, kNobody), "Permission denied.*root");
    } else {
        if (status_line(1, "Uid").empty()) GTEST_SKIP() << "/proc does not show process 1";
        expect_refused(outcome_of({"-n", "1"}), "Permission denied.*root");
    }
}

TEST(Errors, AnUndumpableProcess) {
    FdMaker maker(kNobody);
    maker.ask("dumpable 0");
    expect_refused(outcome_of({"-n", maker.pid_text()}, kNobody), "Permission denied.*root");
}

/// As in a container whose root lacks a capability.
TEST(Errors, RootWhoMayNotIsNotToldToBecomeRoot) {
    if (geteuid() != 0) GTEST_SKIP() << "for root only";
    FdMaker maker(kNobody);
    Child logfia({"/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-all",
                  LogfiaRun::program(), "-n", maker.pid_text()});
    EXPECT_EQ(logfia.wait(), 1);
    EXPECT_THAT(logfia.errors(), ContainsRegex("Permission denied.*CAP_SYS_PTRACE"));
    EXPECT_THAT(logfia.errors(), testing::Not(HasSubstr("sudo")));
}

TEST(Errors, AKernelThreadGetsANotice) {
    if (geteuid() != 0) GTEST_SKIP() << "only root may look into a kernel thread";
    std::string comm;
    std::ifstream("/proc/2/comm") >> comm;
    if (comm != "kthreadd") GTEST_SKIP() << "process 2 is no kernel thread here";
    const Outcome outcome = outcome_of({"-n", "--once", "2"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.errors, MatchesRegex("logfia: process 2 \\(kthreadd\\) is a kernel "
                                             "thread[^\n]*\n"));
    EXPECT_EQ(outcome_of({"-n", "-q", "--once", "2"}).errors, "");
}

TEST(Errors, AProcThatIsNotThere) {
    expect_refused(outcome_of({"-n", "--proc", "/nonexistent", "1"}),
                   "/nonexistent: No such file or directory");
    const TempDir directory;
    expect_refused(outcome_of({"-n", "--proc", directory.path(), "1"}),
                   "process 1: .*" + directory.path() + " is not a procfs");
    expect_refused(outcome_of({"-n", "--proc", directory.path(), "--name", "x"}),
                   directory.path() + ": it is not a procfs");
    expect_refused(outcome_of({"-n", "--proc", directory.path(), "-a"}), "it is not a procfs");
}

TEST(Errors, OutputThatCannotBeOpened) {
    const TempDir directory;
    FdMaker maker;
    expect_refused(outcome_of(watch_arguments(maker, {"-o", directory.path("no/file")})),
                   "no/file: No such file or directory");
    expect_refused(outcome_of(watch_arguments(maker, {"-o", directory.path()})), "Is a directory");
}

TEST(Errors, AFifoWithoutAReader) {
    const TempDir directory;
    FdMaker maker;
    ASSERT_EQ(mkfifo(directory.path("fifo").c_str(), 0600), 0);
    expect_refused(outcome_of(watch_arguments(maker, {"-o", directory.path("fifo")})),
                   "fifo: .*reader");
}

TEST(Errors, AFullDiskSaysHowManyRecordsWereWritten) {
    FdMaker maker;
    const std::string regex = "No space left on device.* 0 records";
    expect_refused(outcome_of(watch_arguments(maker, {"-o", "/dev/full"})), regex);
    expect_refused(outcome_of_script("exec \"$0\" -n " + maker.pid_text() + " >/dev/full"), regex);
}

TEST(Errors, HelpThatCannotBeWrittenIsAFailure) {
    for (const char* what : {"--help", "--version"}) {
        const std::string asked = "exec \"$0\" " + std::string(what);
        expect_refused(outcome_of_script(asked + " >/dev/full"), "standard output.*No space left");
        expect_refused(outcome_of_script(asked + " >&-"), "standard output.*Bad file descriptor");
    }
}

/// The process is neither gone nor hidden.
TEST(Errors, TooFewDescriptorsAreSaidToBeThat) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs some too";
    FdMaker maker;
    for (const char* limit : {"5", "6", "7", "8", "9", "10"}) {
        const Outcome outcome = outcome_of_script("ulimit -n " + std::string(limit) +
                                                  "; exec \"$0\" -q -n -1 " + maker.pid_text());
        std::string all = outcome.errors;
        for (const std::string& line : outcome.lines) all += line + '\n';
        EXPECT_THAT(all, testing::AnyOf(HasSubstr("Too many open files"), HasSubstr(" open pipe:")))
            << limit;
        EXPECT_THAT(all, testing::Not(ContainsRegex("hidepid|No such process"))) << limit;
    }
}

TEST(Errors, AFileThatMayNotGrowIsCutAtItsLastRecord) {
    const TempDir directory;
    directory.open_to_all();
    FdMaker maker;
    maker.ask("burst 30 " + made_file("passwd"));
    const std::string file = directory.path("records");
    // SIGXFSZ would end it: ignored, the write fails (EFBIG).
    const Outcome outcome = outcome_of_script("trap '' XFSZ; ulimit -f 1; exec \"$0\" -n -o " +
                                              file + ' ' + maker.pid_text());
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.errors, ContainsRegex("File too large.* [0-9]+ records"));
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_THAT(text, testing::EndsWith("\n"));
    const auto count = complete_lines(text).size();
    EXPECT_THAT(outcome.errors, HasSubstr(' ' + std::to_string(count) + " records"));
}

TEST(Errors, StandardOutputIsClosed) {
    FdMaker maker;
    expect_refused(outcome_of_script("exec \"$0\" -n " + maker.pid_text() + " >&-"),
                   "standard output");
}

TEST(Errors, StandardErrorIsClosedOrUnread) {
    FdMaker gone;
    gone.end();
    EXPECT_EQ(outcome_of_script("exec \"$0\" -n " + gone.pid_text() + " 2>&-").status, 1);
    // A pipe whose reader has gone: no death by SIGPIPE.
    const TempDir directory;
    const std::string broken_pipe = "mkfifo fifo; exec 4<>fifo 2>fifo 4>&-; ";
    const ChildOptions there{.directory = directory.path()};
    const std::string missing = "\"$0\" -n " + gone.pid_text();
    EXPECT_THAT(outcome_of_script(broken_pipe + missing + "; echo $?", there).lines,
                testing::ElementsAre("1"));
    EXPECT_THAT(outcome_of_script("rm -f fifo; " + broken_pipe + "\"$0\" -5; echo $?", there).lines,
                testing::ElementsAre("2"));
}

TEST(Errors, AFullDiskIsToldOnceHoweverMuchThereIsToWrite) {
    FdMaker maker;
    maker.ask("many 600");
    const Outcome outcome = outcome_of({"-n", "-1", "-o", "/dev/full", maker.pid_text()});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(complete_lines(outcome.errors).size(), 1U) << outcome.errors;
}

}  // namespace
}  // namespace logfia::test
