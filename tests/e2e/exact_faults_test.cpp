// With -X, under faults of the kernel, one by one, in each call that logfia makes: the command
// notices nothing, nothing hangs, and what is missing is told.

#include "support/faulty_tracer.hpp"
#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/sanitizers.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <set>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kOwnStatus = 7;
constexpr std::size_t kMostErrors = 3;    // of one place
constexpr milliseconds kLongest{10'000};  // of one run

/// The outcome of a run.
struct Trial {
    int status = -1;
    Lines answers{};  ///< of the command
    Lines records{};
    std::string errors{};
    int sleeps = 0;
    milliseconds time{};
    int faults = 0;
    std::map<std::string, int> places{};

    [[nodiscard]] bool ran() const { return !answers.empty(); }
};

/// A command, what it is told to do, and the options of logfia. It ends with kOwnStatus, and says
/// `ok` for all that it has done.
struct Story {
    const char* title;
    std::string_view where;  ///< the places that are tried end so
    std::vector<std::string> options;
    std::vector<std::string> command;
    std::vector<std::string> orders{};
};

void PrintTo(const Story& story, std::ostream* out) {
    *out << story.title;
}

/// Our children but those that a Child has: whom logfia left behind. True when they end by
/// themselves; otherwise they are killed.
bool leftovers_end() {
    const std::string self = std::to_string(getpid());
    bool all = true;
    std::ifstream list("/proc/" + self + "/task/" + self + "/children");
    for (pid_t child = 0; list >> child;) {
        const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
        pollfd end{pidfd.get(), POLLIN, 0};
        if (poll(&end, 1, static_cast<int>(kLongest.count())) <= 0) {
            all = false;
            kill(child, SIGKILL);
        }
        waitpid(child, nullptr, 0);
    }
    return all;
}

/// A run of logfia and its command under a fault, in a directory whose name is ever the same.
Trial play(const Story& story, const std::string& directory, const Fault& fault) {
    Trial trial;
    const RecordFile records(directory + "/records");
    unlink(records.path().c_str());
    std::vector<std::string> words{"-X", "-n", "-j", "-o", records.path()};
    words.insert(words.end(), story.options.begin(), story.options.end());
    words.emplace_back("--");
    for (const std::string& word : story.command)
        words.push_back(word.empty() ? FdMaker::default_program() : with_made_files(word));
    std::string orders;
    for (const std::string& order : story.orders) orders += with_made_files(order) + '\n';
    const auto began = steady_clock::now();
    {
        FaultyTracer kernel(fault);
        ChildOptions options;
        options.tracer = kernel.socket();
        // The leak checker is a tracer itself.
        options.environment = {"ASAN_OPTIONS=detect_leaks=0", "LC_ALL=C"};
        LogfiaRun run(words, options);
        try {
            run.child().write(orders);
        } catch (const std::system_error&) {
            // It has ended already.
        }
        trial.status = run.finish(kLongest);
        trial.answers = run.lines();
        trial.errors = run.errors();
        trial.sleeps = kernel.sleeps();
        trial.faults = kernel.faults();
        trial.places = kernel.places();
    }
    trial.time = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    EXPECT_TRUE(leftovers_end()) << "somebody hangs who was left behind";
    trial.records = records.lines();
    return trial;
}

bool has_sanitizers_word(const std::string& errors) {
    return errors.find("Sanitizer") != errors.npos || errors.find("runtime error") != errors.npos;
}

bool is_told(const Trial& trial) {
    return !trial.errors.empty() ||
           std::any_of(trial.records.begin(), trial.records.end(),
                       [](const std::string& line) { return JsonRecord(line)["event"] == "lost"; });
}

/// The opens and closes, as far as they are the same in each run: event, number, path.
std::multiset<std::string> events_of(const Trial& trial) {
    std::multiset<std::string> events;
    for (const std::string& line : trial.records) {
        const JsonRecord record(line);
        if (record["event"] != "open" && record["event"] != "close") continue;
        const std::string name = record["name"];
        events.insert(record["event"] + ' ' + record["fd"] + ' ' +
                      (name.starts_with('/') ? name : ""));
    }
    return events;
}

/// The records that are told in one of the runs alone.
std::string differences(const Trial& trial, const Trial& plain) {
    const auto told = events_of(trial);
    const auto expected = events_of(plain);
    std::vector<std::string> missing;
    std::vector<std::string> more;
    std::set_difference(expected.begin(), expected.end(), told.begin(), told.end(),
                        std::back_inserter(missing));
    std::set_difference(told.begin(), told.end(), expected.begin(), expected.end(),
                        std::back_inserter(more));
    if (missing.empty() && more.empty()) return {};
    return "missing: " + testing::PrintToString(missing) +
           "\ntoo many: " + testing::PrintToString(more);
}

/// EPIPE means that the reader has left. The link of a descriptor that is closed by now, or of a
/// caller that is gone: there is nothing to report.
bool is_no_failure(const Fault& fault) {
    const bool is_gone = fault.error == ENOENT || fault.error == ESRCH;
    return fault.error == EPIPE ||
           (is_gone && (fault.place.starts_with("readlinkat /proc/N/fd/N") ||
                        fault.place.starts_with("ioctl NOTIF_ID_VALID")));
}

void expect_right_answer(const Trial& trial, const Trial& plain, const Fault& fault) {
    EXPECT_FALSE(has_sanitizers_word(trial.errors)) << trial.errors;
    for (const std::string& line : complete_lines(trial.errors))
        EXPECT_THAT(line, StartsWith("logfia: "));
    if (!trial.ran()) {
        EXPECT_EQ(trial.status, 1) << trial.errors;
        EXPECT_THAT(trial.errors, StartsWith("logfia: "));
        return;
    }
    EXPECT_EQ(trial.status, kOwnStatus) << trial.errors;
    EXPECT_EQ(trial.answers.size(), plain.answers.size());
    EXPECT_THAT(trial.answers, Each(StartsWith("ok")));
    if (!is_told(trial) && !is_no_failure(fault)) {
        EXPECT_EQ(differences(trial, plain), "");
    }
    // A slow machine makes them fewer; only a loop that does not sleep makes them more.
    EXPECT_LE(trial.sleeps, 3L * plain.sleeps + 4 * trial.time.count() + 200);
}

/// EINTR and EAGAIN are temporary; a program need not survive them for ever.
bool can_last(int error) {
    return error != EINTR && error != EAGAIN;
}

/// A sanitizer makes such calls too, and does not survive their failure.
bool is_sanitizers_own(const std::string& place) {
    if (!is_sanitized()) return false;
    return place.starts_with("mmap") || place.starts_with("mprotect") ||
           place.starts_with("pipe2") || place.starts_with("write pipe:[N]");
}

class ExactFaults : public testing::TestWithParam<Story> {
  protected:
    static void SetUpTestSuite() { *why_not() = FaultyTracer::why_not(); }
    void SetUp() override {
        if (!why_not()->empty()) GTEST_SKIP() << *why_not();
        prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    }
    static std::string* why_not() {
        static std::string reason;
        return &reason;
    }

    enum class Begins { at_first, in_the_middle };
    void try_all(Fault::Times times, Begins begins = Begins::at_first) {
        const Trial plain = play(GetParam(), directory_.path(), {});
        ASSERT_EQ(plain.status, kOwnStatus) << plain.errors;
        ASSERT_EQ(plain.errors, "");
        int tried = 0;
        for (const auto& [place, count] : plain.places) {
            if (!place.ends_with(GetParam().where) || is_sanitizers_own(place)) continue;
            auto errors = kinds_of_errors(place);
            // Runs are ten times as slow with a sanitizer.
            const bool one = is_sanitized() || begins == Begins::in_the_middle;
            errors.resize(std::min(errors.size(), one ? 1 : kMostErrors));
            for (const int error : errors) {
                if (times == Fault::Times::always && !can_last(error)) continue;
                const int after = begins == Begins::at_first ? 0 : count / 2;
                if (begins == Begins::in_the_middle && count < 2) continue;
                tried += try_one({place, error, times, after}, plain).faults > 0 ? 1 : 0;
            }
        }
        RecordProperty("faults", tried);
        EXPECT_GT(tried, 15);
    }
    Trial try_one(const Fault& fault, const Trial& plain) {
        SCOPED_TRACE(fault.place + ": " + std::strerror(fault.error));
        Trial trial = play(GetParam(), directory_.path(), fault);
        expect_right_answer(trial, plain, fault);
        return trial;
    }

    TempDir directory_;
};

TEST_P(ExactFaults, Once) {
    try_all(Fault::Times::once);
}

TEST_P(ExactFaults, FromThenOn) {
    try_all(Fault::Times::always);
}

TEST_P(ExactFaults, InTheMiddle) {
    try_all(Fault::Times::once, Begins::in_the_middle);
}

TEST_P(ExactFaults, FromTheMiddleOn) {
    try_all(Fault::Times::always, Begins::in_the_middle);
}

/// With both the new call and the old one failing: trying again and again would spin.
TEST_P(ExactFaults, OfAllWaiting) {
    const Trial plain = play(GetParam(), directory_.path(), {});
    for (const int error : {EINVAL, ENOSYS, ENOMEM}) {
        const Trial trial = try_one({"epoll_pwait*", error, Fault::Times::always}, plain);
        EXPECT_THAT(trial.errors, HasSubstr("wait"));
    }
}

/// Every call that is made can be made to fail, or cannot fail as it is made.
TEST_P(ExactFaults, LeaveNoCallOut) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer makes calls of its own";
    const std::set<long> harmless{
        SYS_brk,    SYS_close,        SYS_exit,           SYS_exit_group,
        SYS_fcntl,  SYS_futex,        SYS_getegid,        SYS_geteuid,
        SYS_getpid, SYS_gettid,       SYS_madvise,        SYS_munmap,
        SYS_rseq,   SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_set_robust_list,
        SYS_uname};
    for (const auto& [place, count] : play(GetParam(), directory_.path(), {}).places) {
        if (!place.starts_with("call ")) continue;
        EXPECT_TRUE(harmless.contains(std::stol(place.substr(5)))) << place;
    }
}

const Story kStories[] = {
    {"ACommand",
     "",
     {},
     {""},  // the helper
     {"open {passwd}", "close 3", "socketpair", "pipe", "tcp-pairs 1", "epoll 3", "dup 3",
      "signalfd", "thread", "open {group}", "close 3 8", "exit 7"}},
    {"AFamily",
     " in logfia-calls",  // the others are the same
     {"-f"},
     {"/bin/sh", "-c", R"(/bin/cat "$0" >/dev/null && (: <"$0") && : <"$0" && echo ok && exit 7)",
      "{passwd}"}},
};

#ifdef SYS_epoll_wait  // not everywhere
constexpr const char* kServersWait = "epoll_wait in logfia-calls";
#else
constexpr const char* kServersWait = "epoll_pwait in logfia-calls";
#endif

/// The calls of a command that runs already are not to be served any more, which the guard does
/// from then on.
TEST(ExactFaultsLater, LeaveTheCommandToTheGuard) {
    if (const auto reason = FaultyTracer::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    const TempDir directory;
    for (const char* call : {"ioctl NOTIF_RECV", "ioctl NOTIF_SEND", kServersWait}) {
        for (const int error : {EINVAL, ENOENT}) {
            SCOPED_TRACE(std::string(call) + ": " + std::strerror(error));
            const RecordFile records(directory.path("records"));
            FaultyTracer kernel;
            ChildOptions options;
            options.tracer = kernel.socket();
            options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
            FdMaker maker({LogfiaRun::program(), "-X", "-n", "-j", "-o", records.path(), "--",
                           FdMaker::default_program()},
                          options);
            maker.ask("open " + made_file("passwd"));
            kernel.fail({std::string(call) + '*', error, Fault::Times::always});
            for (int i = 0; i < 3; ++i) {
                maker.ask("close 3");
                EXPECT_EQ(maker.fd("open " + made_file("group")), 3);
            }
            EXPECT_EQ(maker.end(kOwnStatus), kOwnStatus);
            EXPECT_GT(kernel.faults(), 0);
            EXPECT_FALSE(only(records.all(), "lost").empty());
            unlink(records.path().c_str());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Of, ExactFaults, testing::ValuesIn(kStories),
                         [](const auto& story) { return std::string(story.param.title); });

}  // namespace
}  // namespace logfia::test
