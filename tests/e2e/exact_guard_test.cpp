// With -X, whatever happens to logfia: the command and its children notice nothing and never hang.

#include "support/faulty_kernel.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

namespace logfia::test {
namespace {

using std::chrono::microseconds;
using testing::AnyOf;
using testing::Each;
using testing::Optional;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr int kKills = 10;
constexpr const char* kGuard = "logfia-guard";

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    std::error_code gone;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::ifstream list(task.path() / "children");
        for (pid_t child = 0; list >> child;) children.push_back(child);
    }
    return children;
}

std::string comm_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string comm;
    std::getline(file, comm);
    return comm;
}

std::optional<pid_t> child_named(pid_t parent, const std::string& comm) {
    for (const pid_t child : children_of(parent))
        if (comm_of(child) == comm) return child;
    return std::nullopt;
}

/// As long as it lives, a descendant whose parent has ended becomes our child.
class Adoption {
  public:
    Adoption() { prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); }
    ~Adoption() { prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL); }
    Adoption(const Adoption&) = delete;
    Adoption& operator=(const Adoption&) = delete;

    /// The exit status of a descendant; 128+N when signal N has killed it, none at the deadline.
    static std::optional<int> status_of(pid_t pid) {
        int status = 0;
        if (!eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; })) return std::nullopt;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    /// Of what logfia has left behind, none of this name is left.
    static bool comes_to_an_end(const std::string& comm) {
        return eventually([&] {
            const auto child = child_named(getpid(), comm);
            if (child) waitpid(*child, nullptr, WNOHANG);
            return !child;
        });
    }
};

/// The helper as the command of logfia -X. Its answers can be heard when logfia is gone.
class Command {
  public:
    explicit Command(std::vector<std::string> options) {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        answers_.reset(ends[0]);
        const UniqueFd write_end(ends[1]);
        options.insert(options.begin(), {LogfiaRun::program(), "-n", "-X"});
        options.insert(options.end(), {"--", FdMaker::default_program()});
        logfia_.emplace(options, ChildOptions{.standard_output = write_end.get()});
    }

    Child& logfia() { return *logfia_; }
    void send(const std::string& order) { logfia_->write(order + "\n"); }
    /// The next line; empty when nobody is left who could answer. Who does not answer in time
    /// hangs, which fails the test.
    std::string answer() {
        std::string line;
        pollfd ready{answers_.get(), POLLIN, 0};
        while (poll(&ready, 1, static_cast<int>(kPatience.count())) > 0) {
            char byte = 0;
            if (read(answers_.get(), &byte, 1) != 1) return {};
            if (byte == '\n') return line;
            line += byte;
        }
        ADD_FAILURE() << "the command hangs";
        return {};
    }
    std::string ask(const std::string& order) {
        send(order);
        return answer();
    }
    /// The process of the helper: call it when something was answered.
    [[nodiscard]] std::optional<pid_t> pid() const {
        return child_named(logfia_->pid(), "fd_maker");
    }

  private:
    UniqueFd answers_;
    std::optional<Child> logfia_;
};

class ExactGuard : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string reason = FaultyKernel::why_not();
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
    void TearDown() override {
        EXPECT_TRUE(Adoption::comes_to_an_end(kGuard)) << "the guard outlives whom it guards";
    }
    [[nodiscard]] std::string records() const { return directory_.path("records"); }

    Adoption adoption_;
    TempDir directory_;
};

/// Kills logfia at some moment of what the order starts; each call of the command succeeds all the
/// same, and so it ends as it was told to.
void expect_unnoticed(const std::string& records, const std::string& order, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> moments(0, 150'000);
    for (int kill = 0; kill < kKills; ++kill) {
        Command command({"-f", "-j", "-o", records});
        ASSERT_EQ(command.ask("help").substr(0, 2), "ok");
        const auto target = command.pid();
        ASSERT_TRUE(target);
        command.send(order);
        const microseconds moment(moments(random));
        std::this_thread::sleep_for(moment);
        command.logfia().signal(SIGKILL);
        EXPECT_THAT(command.answer(), StartsWith("ok")) << "killed after " << moment.count();
        EXPECT_EQ(command.ask("exit 7"), "ok");
        EXPECT_EQ(Adoption::status_of(*target), 7);
        EXPECT_EQ(command.logfia().wait(), 128 + SIGKILL);
    }
}

TEST_F(ExactGuard, ChildrenDoNotNoticeThatWeAreKilled) {
    expect_unnoticed(records(), "rush-children 12 200", 1);
}

TEST_F(ExactGuard, ThreadsDoNotNoticeThatWeAreKilled) {
    expect_unnoticed(records(), "rush-threads 4 200", 2);
}

bool has_ended(const Child& child) {
    return status_line(child.pid(), "State").starts_with('Z');
}

/// Kills logfia, unless its command has come to an end before: we may be the slower one.
void kill_or_outlast(Command& command) {
    command.logfia().signal(SIGKILL);
    EXPECT_THAT(command.logfia().wait(), AnyOf(Optional(128 + SIGKILL), Optional(7)));
}

/// The command never ran, or it ran to its end, and nobody is left in either case.
TEST_F(ExactGuard, ACommandThatBeginsDoesNotNoticeIt) {
    std::mt19937 random(3);
    std::uniform_int_distribution<int> moments(0, 20'000);
    for (int kill = 0; kill < 2 * kKills; ++kill) {
        Command command({"-f", "-j", "-o", records()});
        command.send("rush-threads 4 20\nexit 7");
        const microseconds moment(moments(random));
        std::this_thread::sleep_for(moment);
        kill_or_outlast(command);
        const std::string first = command.answer();
        if (!first.empty()) {
            EXPECT_THAT(first, StartsWith("ok ")) << "killed after " << moment.count();
            EXPECT_EQ(command.answer(), "ok");
        }
        for (const char* name : {"fd_maker", "logfia", kGuard})
            EXPECT_TRUE(Adoption::comes_to_an_end(name)) << name << " " << moment.count();
    }
}

/// Until its exec the child has whatever we have: also the other ends of what it waits for.
TEST_F(ExactGuard, ACommandThatStandsBeforeItsExecDoesNotHang) {
    for (int kill = 0; kill < 3 * kKills; ++kill) {
        Command command({"-f", "-j", "-o", records()});
        command.send("exit 7");
        while (!child_named(command.logfia().pid(), "fd_maker") && !has_ended(command.logfia()))
            sched_yield();
        kill_or_outlast(command);
        command.answer();
        for (const char* name : {"fd_maker", kGuard})
            ASSERT_TRUE(Adoption::comes_to_an_end(name)) << name << ", kill " << kill;
    }
}

/// The command stands at its next call as long as we do, and loses nothing by that.
TEST_F(ExactGuard, ACommandGoesOnAfterWeWereStopped) {
    Command command({"-f", "-j", "-o", records()});
    ASSERT_EQ(command.ask("help").substr(0, 2), "ok");
    command.send("rush-threads 4 1500");
    command.logfia().signal(SIGSTOP);
    ASSERT_TRUE(
        eventually([&] { return status_line(command.logfia().pid(), "State").starts_with('T'); }));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    command.logfia().signal(SIGCONT);
    const std::string answer = command.answer();
    ASSERT_THAT(answer, StartsWith("ok "));
    EXPECT_EQ(command.ask("exit 7"), "ok");
    EXPECT_EQ(command.logfia().wait(), 7);
    const auto rounds = static_cast<std::size_t>(std::stol(answer.substr(3)));
    std::size_t opens = 0;
    for (const JsonRecord& record : only(RecordFile(records()).all(), "open"))
        opens += record["name"].starts_with("pipe:") || record["name"] == FdMaker::default_program()
                     ? 1U
                     : 0U;
    EXPECT_GE(opens, 4 * rounds);
}

/// A reader of our records would wait for an end that never comes if the guard held our side.
TEST_F(ExactGuard, TheReaderOfOurRecordsSeesThatWeAreGone) {
    const std::string fifo = directory_.path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const UniqueFd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    Command command({"-f", "-o", fifo});
    ASSERT_EQ(command.ask("help").substr(0, 2), "ok");
    const auto target = command.pid();
    ASSERT_TRUE(target);
    command.logfia().signal(SIGKILL);
    std::array<char, 65536> chunk;
    EXPECT_TRUE(eventually([&] { return read(reader.get(), chunk.data(), chunk.size()) == 0; }));
    EXPECT_THAT(command.ask("open /dev/null"), StartsWith("ok ")) << "the command lives on";
    EXPECT_EQ(command.ask("exit 7"), "ok");
    EXPECT_EQ(Adoption::status_of(*target), 7);
}

TEST_F(ExactGuard, HoldsTheListenerAndASocketToUsAndNothingElse) {
    Command command({"-f", "-o", records()});
    ASSERT_EQ(command.ask("help").substr(0, 2), "ok");
    const auto of_logfia = child_named(command.logfia().pid(), kGuard);
    const auto guard = of_logfia ? of_logfia : child_named(getpid(), kGuard);
    ASSERT_TRUE(guard);
    std::vector<std::string> links;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(*guard) + "/fd"))
        links.push_back(std::filesystem::read_symlink(entry).string());
    EXPECT_THAT(links, UnorderedElementsAre("anon_inode:seccomp notify", StartsWith("socket:[")));
    EXPECT_EQ(command.ask("exit 7"), "ok");
    EXPECT_EQ(command.logfia().wait(), 7);
}

/// Without -f we end with the command; what it leaves behind still has its calls answered.
TEST_F(ExactGuard, ADaemonLivesOnWhenWeHaveEnded) {
    for (const char* name : {"orders", "answers"})
        ASSERT_EQ(mkfifo(directory_.path(name).c_str(), 0600), 0);
    const UniqueFd answers(
        open(directory_.path("answers").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const std::string script = "\"$0\" <orders >answers 2>/dev/null & exit 3";
    ChildOptions options;
    options.directory = directory_.path();
    LogfiaRun run(
        {"-n", "-X", "-o", records(), "--", "/bin/sh", "-c", script, FdMaker::default_program()},
        options);
    EXPECT_EQ(run.finish(), 3) << run.errors();
    {
        std::ofstream orders(directory_.path("orders"));
        for (int i = 0; i < 100; ++i) orders << "open /dev/null\nclose 3\n";
        orders << "rush-threads 4 50\nexit 7\n";
    }
    std::string text;
    EXPECT_TRUE(eventually([&] {
        std::array<char, 4096> chunk;
        const ssize_t got = read(answers.get(), chunk.data(), chunk.size());
        if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
        return got == 0 && !text.empty();
    })) << "the daemon hangs after: "
        << text;
    const Lines lines = complete_lines(text);
    EXPECT_EQ(lines.size(), 202U);
    EXPECT_THAT(lines, Each(StartsWith("ok")));
    EXPECT_TRUE(Adoption::comes_to_an_end("fd_maker"));
}

}  // namespace
}  // namespace logfia::test
