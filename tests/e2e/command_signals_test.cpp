// Signals to logfia with a command: who gets them while the command runs, and what they do once it
// has ended.

#include "support/record_file.hpp"
#include "support/stalled_reader.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

/// True when logfia has taken every signal that was sent to it.
bool has_taken_signals(LogfiaRun& run) {
    return eventually([&] {
        return status_line(run.pid(), "ShdPnd").find_first_not_of('0') == std::string::npos &&
               status_line(run.pid(), "SigPnd").find_first_not_of('0') == std::string::npos;
    });
}

/// A command that is already gone takes none.
void send(LogfiaRun& run, int signal) {
    run.child().signal(signal);
    has_taken_signals(run);
}

bool wait_for_errors(LogfiaRun& run, const std::string& text) {
    return eventually([&] {
        run.child().read_more(milliseconds(10));
        return run.errors().find(text) != std::string::npos;
    });
}

std::string children_of(pid_t pid) {
    const std::string number = std::to_string(pid);
    std::ifstream file("/proc/" + number + "/task/" + number + "/children");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The command has ended, and logfia knows: signals are its own from now on. Having reaped it,
/// logfia does not sleep before it has drawn that line.
bool is_reaped(const LogfiaRun& run, const std::function<bool()>& is_gone) {
    return eventually(is_gone) &&
           eventually([&] { return status_line(run.pid(), "State").starts_with('S'); });
}
bool is_reaped(const LogfiaRun& run) {
    return is_reaped(run, [&] { return children_of(run.pid()).empty(); });
}

std::vector<std::string> words(std::vector<std::string> options, const std::string& script) {
    options.insert(options.begin(), {"-n", "-j", "-d", "5"});
    options.insert(options.end(), {"--", "/bin/sh", "-c", script, FdMaker::default_program()});
    return options;
}

int count_of(std::string_view piece, std::string_view text) {
    int count = 0;
    for (auto at = text.find(piece); at != text.npos; at = text.find(piece, at + 1)) ++count;
    return count;
}

/// A command that writes more records than a pipe holds whose reader takes none. The command ends
/// with its input.
struct Stalled {
    explicit Stalled(const std::vector<std::string>& options = {}, const std::string& before = "")
        : run(words(options, before + "exec \"$0\" >&2"), reader.options()) {
        run.child().write("burst 400 /dev/null\n");
    }
    /// The command has opened all, and that was noticed.
    bool begin() { return reader.has_some() && wait_for_errors(run, "ok") && wait_for_looks(run); }
    void end_command(int status) {
        run.child().write("exit " + std::to_string(status) + '\n');
        if (!is_reaped(run)) throw std::runtime_error("the command was not reaped");
    }
    bool is_writing() { return run.finish(milliseconds(50)) == -1; }

    StalledReader reader;
    LogfiaRun run;
};

class CommandSignals : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Of, CommandSignals, testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_P(CommandSignals, TheSecondOneAfterItsEndGivesUpWhatNobodyReads) {
    Stalled stalled;
    ASSERT_TRUE(stalled.begin());
    stalled.end_command(0);
    EXPECT_TRUE(stalled.is_writing());
    send(stalled.run, GetParam());
    EXPECT_TRUE(stalled.is_writing());
    send(stalled.run, GetParam());
    EXPECT_EQ(stalled.run.finish(), 0);
    EXPECT_THAT(stalled.run.errors(), Not(HasSubstr("logfia: ")));
}

/// The first signal was for the command, which ignored it.
TEST(CommandSignals, OneThatWasPassedOnCounts) {
    Stalled stalled({}, "trap '' TERM;");
    ASSERT_TRUE(stalled.begin());
    send(stalled.run, SIGTERM);
    ASSERT_TRUE(wait_for_looks(stalled.run));
    EXPECT_NE(children_of(stalled.run.pid()), "");
    stalled.end_command(7);
    EXPECT_TRUE(stalled.is_writing());
    send(stalled.run, SIGHUP);
    EXPECT_EQ(stalled.run.finish(), 7);
}

/// A daemon that the command leaves behind is still watched then, and one signal was for the
/// command, which ignored it.
TEST_P(CommandSignals, TheFirstOneAfterItsEndEndsTheWatchAlone) {
    for (const bool is_read : {true, false}) {
        Stalled stalled({"-f"},
                        "trap '' TERM; sleep 1000 </dev/null >/dev/null 2>&1 & "
                        "echo \"daemon $!\" >&2; ");
        ASSERT_TRUE(stalled.begin());
        const pid_t daemon = std::stoi(stalled.run.errors().substr(std::strlen("daemon ")));
        send(stalled.run, SIGTERM);
        ASSERT_TRUE(wait_for_looks(stalled.run));
        stalled.run.child().write("exit 0\n");
        EXPECT_TRUE(wait_for_errors(stalled.run, "still waiting for sleep"));
        send(stalled.run, GetParam());
        EXPECT_TRUE(stalled.is_writing());
        if (is_read)
            EXPECT_GE(count_of("\"event\":\"open\"", stalled.reader.read_all()), 400);
        else
            send(stalled.run, GetParam());
        EXPECT_EQ(stalled.run.finish(), 0);
        EXPECT_EQ(kill(daemon, SIGKILL), 0);
    }
}

/// When no look is taken any more, and nobody reads the records.
TEST_P(CommandSignals, WhileTheEndIsWrittenTheCommandIsStillAttendedTo) {
    Stalled stalled({"--count", "200"});
    ASSERT_TRUE(stalled.begin());
    if (GetParam() == SIGINT) {
        send(stalled.run, SIGINT);
        EXPECT_TRUE(stalled.is_writing());
        EXPECT_NE(children_of(stalled.run.pid()), "") << "it is the command's own";
        stalled.end_command(9);
    } else {
        send(stalled.run, GetParam());
        ASSERT_TRUE(is_reaped(stalled.run));
    }
    EXPECT_TRUE(stalled.is_writing());
    send(stalled.run, GetParam());
    if (GetParam() == SIGINT) send(stalled.run, GetParam());
    EXPECT_EQ(stalled.run.finish(), GetParam() == SIGINT ? 9 : 128 + GetParam());
}

/// A command that leaves a process behind and reports the PIDs of both; the destructor ends the
/// process.
class Daemon {
  public:
    explicit Daemon(std::vector<std::string> options, const std::string& end = "exit 0")
        : run_(words(with_file(std::move(options)),
                     "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; echo $$; " + end)) {
        if (!run_.wait_for_count(2)) return;
        pid_ = std::stoi(run_.lines().at(0));
        command_ = std::stoi(run_.lines().at(1));
    }
    ~Daemon() {
        if (pid_ > 0) kill(pid_, SIGKILL);
    }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// The notice that tells of it, and nothing else.
    [[nodiscard]] std::string expected() const {
        return "logfia: the command has ended; still waiting for sleep[" + std::to_string(pid_) +
               "]\n";
    }
    bool wait_for_commands_end() {
        return command_ > 0 &&
               is_reaped(run_, [this] { return kill(command_, 0) != 0 && errno == ESRCH; });
    }
    bool wait_for_notice() { return wait_for_errors(run_, "\n"); }
    [[nodiscard]] bool lives() const {
        return kill(pid_, 0) == 0 && !status_line(pid_, "State").starts_with('Z');
    }
    LogfiaRun& run() { return run_; }
    [[nodiscard]] RecordFile records() const { return RecordFile(directory_.path("records")); }

  private:
    std::vector<std::string> with_file(std::vector<std::string> options) const {
        options.insert(options.begin(), {"-f", "-o", directory_.path("records")});
        return options;
    }

    TempDir directory_;
    LogfiaRun run_;
    pid_t pid_ = 0;
    pid_t command_ = 0;
};

TEST_P(CommandSignals, EndsTheWaitForADaemonThatIsNotHarmed) {
    Daemon daemon({});
    ASSERT_TRUE(daemon.wait_for_notice());
    EXPECT_EQ(daemon.run().finish(milliseconds(50)), -1) << "it should wait for the daemon";
    send(daemon.run(), GetParam());
    EXPECT_EQ(daemon.run().finish(), 0);
    EXPECT_EQ(daemon.run().errors(), daemon.expected());
    EXPECT_TRUE(daemon.lives());
    for (const JsonRecord& record : daemon.records().all())
        EXPECT_FALSE(record["comm"] == "sleep" && record.has("at_exit")) << record.summary();
}

/// Even when nothing is recorded any more.
TEST_P(CommandSignals, EndsTheMereWaitForADaemon) {
    for (const std::vector<std::string>& early :
         {std::vector<std::string>{"--count", "1"}, {"--duration", "1ms"}}) {
        Daemon daemon(early, "exit 3");
        ASSERT_TRUE(daemon.wait_for_notice());
        EXPECT_EQ(daemon.run().finish(milliseconds(50)), -1) << "it should wait for the daemon";
        send(daemon.run(), GetParam());
        EXPECT_EQ(daemon.run().finish(), 3);
        EXPECT_EQ(daemon.run().errors(), daemon.expected());
        EXPECT_TRUE(daemon.lives());
    }
}

TEST(CommandSignals, QuietWaitsWithoutAWord) {
    Daemon daemon({"-q"});
    ASSERT_TRUE(daemon.lives());
    ASSERT_TRUE(daemon.wait_for_commands_end());
    EXPECT_EQ(daemon.run().finish(milliseconds(300)), -1) << "it should wait for the daemon";
    send(daemon.run(), SIGTERM);
    EXPECT_EQ(daemon.run().finish(), 0);
    EXPECT_EQ(daemon.run().errors(), "");
}

/// nohup(1) ignores SIGHUP, for the command too: then the other signals end the wait.
TEST(CommandSignals, AnIgnoredHangupStaysIgnored) {
    Child run({"/bin/sh", "-c",
               "trap '' HUP; exec \"$0\" -n -f -o /dev/null -- /bin/sh -c "
               "'sleep 1000 </dev/null >/dev/null 2>&1 & echo $!'",
               LogfiaRun::program()});
    const pid_t daemon = std::stoi(run.read_line().value_or("0"));
    ASSERT_GT(daemon, 0);
    ASSERT_TRUE(eventually([&] {
        run.read_more(milliseconds(10));
        return !run.errors().empty();
    }));
    run.signal(SIGHUP);
    EXPECT_EQ(run.wait(milliseconds(100)), std::nullopt);
    run.signal(SIGTERM);
    EXPECT_EQ(run.wait(), 0);
    kill(daemon, SIGKILL);
}

/// A terminal that hangs up, or a service that is stopped: descriptors that close with the command
/// are reported.
TEST(CommandSignals, OneToTheWholeGroupIsTheCommands) {
    for (int i = 0; i < 5; ++i) {
        TempDir directory;
        const RecordFile file(directory.path("records"));
        FdMaker maker({"/usr/bin/setsid", LogfiaRun::program(), "-n", "-j", "-f", "-o", file.path(),
                       "--", FdMaker::default_program()});
        ASSERT_EQ(getpgid(maker.pid()), maker.pid());
        const int in_child = maker.numbers("fork-open /dev/zero").at(1);
        file.wait_for([&](const JsonRecord& record) {
            return record["event"] == "open" && record["fd"] == std::to_string(in_child) &&
                   record["name"] == "/dev/zero";
        });
        kill(-maker.pid(), SIGTERM);
        EXPECT_EQ(maker.child().wait(), 128 + SIGTERM);
        const JsonRecords records = without_lost(file.all());
        EXPECT_EQ(only(records, "open").size(), only(records, "close").size());
        EXPECT_EQ(maker.child().errors(), "");
    }
}

}  // namespace
}  // namespace logfia::test
