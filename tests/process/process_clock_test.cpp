// Whether a process has run: by its CPU clock and by the states of its threads.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/watching.hpp"
#include <logfia/process/process.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace logfia {
namespace {

using test::FakeProc;
using test::FdMaker;

constexpr int kAnyNumber = 1'000'000;

/// A real process, for its clock; its states are the test's.
class StatesOfAProcess : public ::testing::Test {
  protected:
    StatesOfAProcess() {
        maker_.ask("comm worker");
        EXPECT_TRUE(test::comes_to_sleep(pid()));
        proc_.add_process(pid(), "worker");
    }
    [[nodiscard]] pid_t pid() const { return maker_.pid(); }
    Process open(Holding holding = Holding::descriptors) {
        auto process = Process::open(*root_, pid(), holding);
        EXPECT_TRUE(process) << describe(process.error());
        return std::move(*process);
    }
    static bool is_at_rest(const Process& process, int most_threads = kAnyNumber) {
        const auto then = process.cpu_time();
        return !process.run_clock(then, most_threads).may_have_run_since(then);
    }

    FakeProc proc_;
    Result<ProcRoot> root_ = [this] {
        proc_.self({1});  // our own PID namespace
        return ProcRoot::open(proc_.path());
    }();
    FdMaker maker_;
};

TEST_F(StatesOfAProcess, OneThatSleepsInAnyWayIsAtRest) {
    const Process process = open();
    for (const char state : std::string("SDTtIP")) {
        proc_.set_stat(pid(), {.state = state});
        EXPECT_TRUE(is_at_rest(process)) << state;
    }
}

/// A zombie has run to its end, which a look must find.
TEST_F(StatesOfAProcess, AnyOtherMayBeRunning) {
    const Process process = open();
    for (const char state : std::string("RZXx?K")) {
        proc_.set_stat(pid(), {.state = state});
        EXPECT_FALSE(is_at_rest(process)) << state;
    }
}

TEST_F(StatesOfAProcess, TheClockMattersToo) {
    const Process process = open();
    const auto cpu = process.cpu_time();
    ASSERT_TRUE(cpu);
    EXPECT_TRUE(process.run_clock(*cpu - Duration(1), 1).may_have_run_since(*cpu - Duration(1)));
    EXPECT_TRUE(process.run_clock(std::nullopt, 1).may_have_run_since(std::nullopt));
}

TEST_F(StatesOfAProcess, EachThreadIsAsked) {
    proc_.add_thread(pid(), 7);
    proc_.add_thread(pid(), 8);
    proc_.set_stat(pid(), {.threads = 3});
    const Process process = open();
    EXPECT_TRUE(is_at_rest(process));
    proc_.set_thread_stat(pid(), 8, {.state = 'R', .threads = 3});
    EXPECT_FALSE(is_at_rest(process));
    proc_.set_thread_stat(pid(), 8, {.state = 'Z', .threads = 3});
    EXPECT_TRUE(is_at_rest(process)) << "it has ended";
}

TEST_F(StatesOfAProcess, TooManyThreadsAreNotAsked) {
    proc_.add_thread(pid(), 7);
    proc_.set_stat(pid(), {.threads = 2});
    const Process process = open();
    EXPECT_TRUE(is_at_rest(process, 2));
    EXPECT_FALSE(is_at_rest(process, 1));
}

TEST_F(StatesOfAProcess, AThreadThatIsNotListedMayBeRunning) {
    proc_.add_thread(pid(), 7);
    proc_.set_stat(pid(), {.threads = 3});
    EXPECT_FALSE(is_at_rest(open()));
}

TEST_F(StatesOfAProcess, AfterItsFirstThreadTheOthersAreAsked) {
    proc_.add_thread(pid(), 7);
    proc_.exit_leader(pid());
    const Process process = open();
    EXPECT_EQ(std::string(process.path().data()), fmt::format("{}/task/7", pid()));
    EXPECT_TRUE(is_at_rest(process));
    proc_.set_thread_stat(pid(), 7, {.state = 'R', .threads = 2});
    EXPECT_FALSE(is_at_rest(process));
}

TEST_F(StatesOfAProcess, OneThatIsNotHeldIsAskedByItsNumber) {
    const Process process = open(Holding::nothing);
    EXPECT_EQ(process.dir(), -1);
    EXPECT_TRUE(is_at_rest(process));
    proc_.set_stat(pid(), {.state = 'R'});
    EXPECT_FALSE(is_at_rest(process));
    proc_.set_stat(pid(), {.start_time = 2000});
    EXPECT_FALSE(is_at_rest(process)) << "another process has the number now";
}

TEST_F(StatesOfAProcess, AMalformedOrMissingStateTellsNothing) {
    const Process process = open(Holding::nothing);
    test::write_file(fmt::format("{}/{}/stat", proc_.path(), pid()), "");
    EXPECT_FALSE(is_at_rest(process));
    proc_.end(pid());
    EXPECT_FALSE(is_at_rest(process));
}

TEST(ClocklessProcess, OfAnotherPidNamespaceIsNeverKnownToRest) {
    FakeProc proc;
    FdMaker maker;
    proc.self({7, 1});
    proc.add_process(maker.pid(), "worker");
    auto root = ProcRoot::open(proc.path());
    auto process = Process::open(*root, maker.pid(), Holding::descriptors);
    ASSERT_TRUE(process);
    EXPECT_EQ(process->cpu_time(), std::nullopt);
    EXPECT_FALSE(process->run_clock(std::nullopt, 1).asleep);
}

/// Real processes, as the kernel tells of them.
class RestOfAProcess : public ::testing::Test {
  protected:
    Process open() {
        auto process = Process::open(*root_, maker_.pid(), Holding::descriptors);
        EXPECT_TRUE(process) << describe(process.error());
        EXPECT_EQ(process->acquire(*root_).state, Process::Acquired::State::ready);
        return std::move(*process);
    }
    /// Whether it is found to be at rest before a deadline.
    static bool comes_to_rest(const Process& process) {
        return test::eventually([&process] {
            const auto then = process.cpu_time();
            return !process.run_clock(then, kAnyNumber).may_have_run_since(then);
        });
    }
    /// Whether it is found at rest in any of many questions, with these pauses.
    static bool is_ever_at_rest(const Process& process) {
        for (int i = 0; i < 2000; ++i) {
            const auto then = process.cpu_time();
            if (!process.run_clock(then, kAnyNumber).may_have_run_since(then)) return true;
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        return false;
    }

    Result<ProcRoot> root_ = ProcRoot::open("/proc");
    FdMaker maker_;
};

TEST_F(RestOfAProcess, ComesWithSleep) {
    EXPECT_TRUE(comes_to_rest(open()));
}

TEST_F(RestOfAProcess, IsThatOfAllItsThreads) {
    maker_.ask("thread 10");
    const Process process = open();
    EXPECT_TRUE(comes_to_rest(process));
    maker_.ask("spin on");
    EXPECT_FALSE(is_ever_at_rest(process));
    maker_.ask("spin off");
    EXPECT_TRUE(comes_to_rest(process));
}

TEST_F(RestOfAProcess, ComesWithAStopAndUninterruptibleSleep) {
    const Process process = open();
    maker_.ask("spin on");
    maker_.child().signal(SIGSTOP);
    EXPECT_TRUE(comes_to_rest(process));
    maker_.child().signal(SIGCONT);
    maker_.ask("spin off");
    maker_.ask("vfork");
    EXPECT_TRUE(comes_to_rest(process));
}

TEST_F(RestOfAProcess, IsThatOfTheOthersOnceTheFirstThreadHasEnded) {
    maker_.ask("thread-exit-leader");
    const Process process = open();
    EXPECT_TRUE(comes_to_rest(process));
    maker_.ask("spin on");
    EXPECT_FALSE(is_ever_at_rest(process));
}

TEST_F(RestOfAProcess, ComesWithATracersStop) {
    const Process process = open();
    if (ptrace(PTRACE_ATTACH, maker_.pid(), nullptr, nullptr) != 0)
        GTEST_SKIP() << "no permission to ptrace";
    ASSERT_EQ(waitpid(maker_.pid(), nullptr, __WALL), maker_.pid());
    EXPECT_TRUE(comes_to_rest(process));
    ptrace(PTRACE_DETACH, maker_.pid(), nullptr, nullptr);
}

TEST_F(RestOfAProcess, OutlivesAnExecOfAnotherThread) {
    const Process process = open();
    maker_.ask("thread-exec " + test::as_word(FdMaker::default_program()));
    maker_.ask("comm again");
    EXPECT_TRUE(comes_to_rest(process));
}

TEST_F(RestOfAProcess, IsNotThatOfOneThatHasEnded) {
    const Process process = open();
    const auto then = process.cpu_time();
    kill(maker_.pid(), SIGKILL);
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(maker_.pid()), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(is_ever_at_rest(process)) << "a zombie";
    maker_.child().wait();
    EXPECT_TRUE(process.run_clock(then, 1).may_have_run_since(then)) << "reaped";
}

}  // namespace
}  // namespace logfia
