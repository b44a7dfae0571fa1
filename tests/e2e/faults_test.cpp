// Every system call fails once, and from then on, with each error that it can have: the answer is a
// record, a notice or an error with its status; never a crash, a hang, a busy loop or silence.

#include "support/dns_server.hpp"
#include "support/faulty_kernel.hpp"
#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/sanitizers.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/base/unique_fd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kInterval{2};
/// After this many looks without a record, none will come.
constexpr int kEnoughSleeps = 30;

/// The outcome of a run.
struct Trial {
    int status = -1;
    Lines records{};
    std::string errors{};
    std::set<int> expected{};  ///< names that must have its open and, when `closes`, its close
    bool closes = true;
    std::optional<int> own_status{};  ///< of a command that ran
    int sleeps = 0;
    milliseconds time{};
    int faults = 0;
    std::map<std::string, int> places{};
};

/// A run of logfia on a kernel whose calls fail.
class FaultyRun {
  public:
    FaultyRun(const Fault& fault, std::vector<std::string> arguments,
              milliseconds interval = kInterval)
        : kernel_(fault), run_(with_interval(std::move(arguments), interval), options(kernel_)) {}

    /// Waits until `holds`, until logfia has looked often enough without it, or until logfia has
    /// ended. To be called once everything that the looks should see has happened.
    void wait_until(const std::function<bool(const Lines&)>& holds) {
        const auto deadline = steady_clock::now() + kPatience;
        const int before = kernel_.sleeps();
        while (!run_.wait_for(holds, kInterval) && kernel_.sleeps() < before + kEnoughSleeps)
            if (run_.child().wait(milliseconds(0)) || steady_clock::now() > deadline) return;
    }
    /// The answer of a command that was asked something; false when it was not run.
    bool wait_for_answer() {
        return run_.wait_for([](const Lines& lines) { return !lines.empty(); });
    }
    void wait_for(const std::string& event, int fd) {
        const std::string piece = "\"event\":\"" + event + '"';
        const std::string number = "\"fd\":" + std::to_string(fd) + ',';
        wait_until([&](const Lines& lines) {
            return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
                return line.find(piece) != line.npos && line.find(number) != line.npos;
            });
        });
    }
    void finish(Trial& trial) {
        trial.status = run_.finish();
        trial.records = run_.lines();
        trial.errors = run_.errors();
        trial.sleeps = kernel_.sleeps();
        trial.faults = kernel_.faults();
        trial.places = kernel_.places();
        trial.time = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began_);
    }
    LogfiaRun& run() { return run_; }
    FaultyKernel& kernel() { return kernel_; }

  private:
    static std::vector<std::string> with_interval(std::vector<std::string> arguments,
                                                  milliseconds interval) {
        arguments.insert(arguments.begin(), {"-j", "-d", std::to_string(interval.count())});
        return arguments;
    }
    static ChildOptions options(const FaultyKernel& kernel) {
        ChildOptions options;
        options.supervisor = kernel.socket();
        // The leak checker's own calls would fail too, and its tracer finds no process.
        options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        return options;
    }

    steady_clock::time_point began_ = steady_clock::now();
    FaultyKernel kernel_;
    LogfiaRun run_;
};

/// A process that opens and closes a file and a socket, and ends.
Trial watch_at(milliseconds interval, const Fault& fault) {
    FdMaker maker;
    Trial trial;
    FaultyRun watch(fault, {"-n", maker.pid_text()}, interval);
    watch.wait_for("open", 2);
    const int file = maker.fd("open " + made_file("passwd"));
    watch.wait_for("open", file);
    const int listener = maker.fd("tcp-listen");
    watch.wait_for("open", listener);
    maker.ask("close " + std::to_string(file));
    watch.wait_for("close", file);
    maker.end();
    watch.finish(trial);
    trial.expected = {0, 1, 2, file, listener};
    return trial;
}

Trial watch_one(const Fault& fault) {
    return watch_at(kInterval, fault);
}

/// A command, its records in a file.
Trial watch_command(const Fault& fault) {
    const TempDir directory;
    const RecordFile records(directory.path("records"));
    Trial trial;
    FaultyRun watch(fault, {"-n", "-f", "-o", records.path(), "--", FdMaker::default_program()});
    try {
        watch.run().child().write("open " + made_file("passwd") + "\n");
        // However long its start takes: the looks are counted only after that.
        if (watch.wait_for_answer()) trial.own_status = 7;
        watch.wait_until([&](const Lines&) {
            const Lines all = records.lines();
            return std::any_of(all.begin(), all.end(), [](const std::string& line) {
                return line.find(made_file("passwd")) != line.npos;
            });
        });
        watch.run().child().write("exit 7\n");
    } catch (const std::system_error&) {
        // The command was not run.
    }
    watch.finish(trial);
    trial.records = records.lines();
    trial.expected = {0, 1, 2, 3};
    return trial;
}

/// Processes of a name, and a child of one.
Trial watch_names(const Fault& fault) {
    FdMaker maker;
    Trial trial;
    const std::string name = "faulty" + maker.pid_text();  // no other test's
    maker.ask("comm " + name);
    FaultyRun watch(fault, {"-n", "-f", "--name", name});
    watch.wait_for("open", 2);
    const auto forked = maker.numbers("fork-open " + made_file("group"));
    const int in_child = forked.at(1);
    const UniqueFd child(static_cast<int>(syscall(SYS_pidfd_open, forked.at(0), 0)));
    watch.wait_for("open", in_child);
    maker.end();
    // The child ends only after that, and the looks are counted.
    pollfd ended{child.get(), POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, static_cast<int>(milliseconds(kPatience).count())), 1);
    watch.wait_until([](const Lines& lines) {
        const auto count = [&](std::string_view event) {
            return std::count_if(lines.begin(), lines.end(), [event](const std::string& line) {
                return line.find(event) != line.npos;
            });
        };
        return count("\"event\":\"open\"") == count("\"event\":\"close\"");
    });
    watch.run().child().signal(SIGINT);
    watch.finish(trial);
    trial.expected = {0, 1, 2, in_child};
    return trial;
}

/// A single look, with host names that are never found.
Trial look_once(const Fault& fault) {
    FdMaker maker;
    Trial trial;
    const int first = maker.numbers("tcp-pairs 1").at(0);
    FaultyRun watch(fault,
                    {"-1", "--dns-server", "127.0.0.1:1", "--dns-wait", "200ms", maker.pid_text()});
    watch.finish(trial);
    trial.expected = {0, 1, 2, first, first + 1, first + 2};
    trial.closes = false;
    return trial;
}

bool has_sanitizers_word(const std::string& errors) {
    return errors.find("Sanitizer") != errors.npos || errors.find("runtime error") != errors.npos;
}

/// True when the output says that something may be missing; late looks do not count.
bool is_told(const Trial& trial) {
    if (!trial.errors.empty()) return true;
    return std::any_of(trial.records.begin(), trial.records.end(), [](const std::string& line) {
        const JsonRecord record(line);
        return record["event"] == "lost" && !record.has("missed_ticks");
    });
}

/// The events of each descriptor, first letters only: `oc`.
std::map<int, std::string> histories(const Trial& trial) {
    std::map<int, std::string> events;
    for (const std::string& line : trial.records) {
        const JsonRecord record(line);
        if (record.has("fd")) events[std::stoi(record["fd"])] += record["event"].at(0);
    }
    return events;
}

/// True when nothing is missing.
bool is_complete(const Trial& trial) {
    const auto events = histories(trial);
    return std::all_of(trial.expected.begin(), trial.expected.end(), [&](int fd) {
        const auto at = events.find(fd);
        if (at == events.end()) return false;
        const auto opens = std::count(at->second.begin(), at->second.end(), 'o');
        const auto closes = std::count(at->second.begin(), at->second.end(), 'c');
        return opens > 0 && (!trial.closes || opens == closes);
    });
}

/// EPIPE means that the reader has left, which is no failure.
bool is_reader_gone(const Fault& fault) {
    return fault.error == EPIPE && fault.place.find("pipe:") != fault.place.npos;
}

/// The link of a descriptor that is closed by now: there is nothing to report.
bool says_closed(const Fault& fault) {
    return (fault.error == ENOENT || fault.error == ESRCH) &&
           fault.place == "readlinkat /proc/N/fd/N";
}

void expect_right_answer(const Trial& trial, const Fault& fault) {
    EXPECT_FALSE(has_sanitizers_word(trial.errors)) << trial.errors;
    for (const std::string& line : complete_lines(trial.errors))
        EXPECT_TRUE(line.starts_with("logfia: ")) << line;
    if (trial.own_status) {
        EXPECT_EQ(trial.status, *trial.own_status) << trial.errors;
    } else if (trial.status != 0) {
        EXPECT_EQ(trial.status, 1) << trial.errors;
        EXPECT_NE(trial.errors, "");
        return;
    }
    EXPECT_TRUE(is_complete(trial) || is_told(trial) || is_reader_gone(fault) || says_closed(fault))
        << testing::PrintToString(trial.records);
    // A slow machine makes them fewer; only a loop that does not sleep makes them more.
    EXPECT_LE(trial.sleeps, 2 * (trial.time / kInterval) + 100);
}

/// EINTR and EAGAIN are temporary; a program need not survive them for ever.
bool can_last(int error) {
    return error != EINTR && error != EAGAIN;
}

/// A sanitizer makes such calls too, and does not survive their failure.
bool is_sanitizers_own(const std::string& place) {
    return is_sanitized() && (place == "mmap" || place == "pipe2" || place == "write pipe:[N]");
}

using Scenario = Trial (*)(const Fault&);

struct Story {
    const char* title;
    Scenario play;
};

void PrintTo(const Story& story, std::ostream* out) {
    *out << story.title;
}

class Faults : public testing::TestWithParam<Story> {
  protected:
    static void SetUpTestSuite() { *why_not() = FaultyKernel::why_not(); }
    void SetUp() override {
        if (!why_not()->empty()) GTEST_SKIP() << *why_not();
    }
    static std::string* why_not() {
        static std::string reason;
        return &reason;
    }

    void try_all(Fault::Times times) {
        const Trial plain = GetParam().play({});
        ASSERT_TRUE(is_complete(plain)) << testing::PrintToString(plain.records) << plain.errors;
        int tried = 0;
        for (const auto& [place, count] : plain.places) {
            if (is_sanitizers_own(place)) continue;
            auto errors = errors_of(place);
            // Runs are ten times as slow, and the code hardly depends on which error it was.
            if (is_sanitized() && errors.size() > 1) errors.resize(1);
            for (const int error : errors) {
                if (times == Fault::Times::always && !can_last(error)) continue;
                const Fault fault{place, error, times};
                SCOPED_TRACE(place + ": " + std::strerror(error));
                const Trial trial = GetParam().play(fault);
                expect_right_answer(trial, fault);
                tried += trial.faults > 0 ? 1 : 0;
            }
        }
        RecordProperty("faults", tried);
        EXPECT_GT(tried, is_sanitized() ? 15 : 50);
    }
};

TEST_P(Faults, Once) {
    try_all(Fault::Times::once);
}

TEST_P(Faults, FromThenOn) {
    try_all(Fault::Times::always);
}

/// With both the new call and the old one failing: trying again and again would spin.
TEST_P(Faults, OfAllWaiting) {
    for (const int error : {EINVAL, ENOSYS, ENOMEM}) {
        const Fault fault{"epoll_pwait*", error, Fault::Times::always};
        SCOPED_TRACE(std::strerror(error));
        const Trial trial = GetParam().play(fault);
        expect_right_answer(trial, fault);
        // A single look in which everything is known at once needs no wait.
        if (trial.faults == 0) continue;
        EXPECT_THAT(trial.errors, testing::HasSubstr("wait"));
    }
}

/// At such an interval, a process whose CPU clock has not advanced is not looked at.
TEST(FaultyClock, IsNoReasonToLookNoMore) {
    if (const auto reason = FaultyKernel::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    for (const auto times : {Fault::Times::once, Fault::Times::always}) {
        const Fault fault{"clock_gettime", EINVAL, times};
        const Trial trial = watch_at(milliseconds(20), fault);
        EXPECT_GT(trial.faults, 0);
        expect_right_answer(trial, fault);
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Faults,
                         testing::Values(Story{"OneProcess", watch_one},
                                         Story{"ACommand", watch_command},
                                         Story{"Names", watch_names}, Story{"OneLook", look_once}),
                         [](const auto& story) { return std::string(story.param.title); });

}  // namespace
}  // namespace logfia::test
