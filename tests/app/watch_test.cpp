// How a watch ends whose output is so far behind that looking has stopped: records of a fake writer
// are so big that a few descriptors fill what may wait.

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/sanitizers.hpp"
#include "support/watching.hpp"
#include <logfia/app/watch.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace logfia {
namespace {

using test::loss_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kRecordSize = std::size_t{2} * 1024 * 1024;
constexpr int kOpen = 40;  // so many are more than may wait

/// A line each: `lost` with its reason, or very long.
class BigWriter final : public RecordWriter {
  public:
    void append(std::string& out, const Event& event, std::string_view) override {
        if (event.kind == EventKind::lost)
            out += "lost " + loss_of(event).reason;
        else
            out.append(kRecordSize, 'r');
        out += '\n';
    }
};

/// What the signals of this process mean to it is as before afterwards.
class KeptSignals {
  public:
    KeptSignals() {
        sigprocmask(SIG_SETMASK, nullptr, &mask_);
        for (std::size_t i = 0; i < kSignals.size(); ++i)
            sigaction(kSignals[i], nullptr, &actions_[i]);
    }
    ~KeptSignals() {
        for (std::size_t i = 0; i < kSignals.size(); ++i)
            sigaction(kSignals[i], &actions_[i], nullptr);
        sigprocmask(SIG_SETMASK, &mask_, nullptr);
    }
    KeptSignals(const KeptSignals&) = delete;
    KeptSignals& operator=(const KeptSignals&) = delete;

  private:
    static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
    sigset_t mask_{};
    std::array<struct sigaction, kSignals.size()> actions_{};
};

/// The lines of a pipe.
struct Written {
    std::size_t records = 0;
    std::vector<std::string> lost{};
};

class PausedWatch : public testing::Test {
  protected:
    void SetUp() override {
        if (test::is_sanitized()) GTEST_SKIP() << "80 MB of records take a sanitizer minutes";
    }
    PausedWatch() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        read_.reset(ends[0]);
        write_.reset(ends[1]);
        maker_.ask("burst " + std::to_string(kOpen - 3) + " /dev/null");
        options_.processes.pids = {maker_.pid()};
        options_.interval = std::chrono::milliseconds(1);
    }

    /// Runs the watch; `meanwhile` is called, in another thread, once looking has stopped. Then the
    /// reader begins to read.
    template <class Meanwhile>
    Written run(Meanwhile meanwhile) {
        Written written;
        const pid_t looking = gettid();
        std::thread other([&] {
            if (paused(looking)) meanwhile();
            written = read_all();
        });
        status_ = watch();
        write_.reset();
        other.join();
        return written;
    }

    ExitStatus watch() {
        auto root = ProcRoot::open("/proc");
        PollerOptions poller_options;
        poller_options.interval = options_.interval;
        Poller poller(std::move(*root), poller_options);
        WantedProcesses wanted;
        wanted.pids = options_.processes.pids;
        wanted.interval = options_.interval;
        ProcessSet processes(wanted, poller);
        StopSignals signals(SignalsMean::stop);
        Notices notices(STDERR_FILENO);
        test::CountedEvents nobody;
        processes.begin(nobody);
        Watch watch(options_,
                    {poller, processes, nullptr, signals, nullptr, std::make_unique<BigWriter>(),
                     std::move(*Output::to_descriptor(write_.get(), "the pipe")),
                     std::move(*Waiter::create())},
                    notices, read_clocks());
        return watch.run();
    }

    KeptSignals kept_;
    UniqueFd read_;
    UniqueFd write_;
    test::FdMaker maker_;
    Options options_;
    ExitStatus status_ = ExitStatus::failure;

  private:
    static long sleeps_of(pid_t thread) {
        std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
        const std::string key = "voluntary_ctxt_switches:";
        for (std::string line; std::getline(status, line);)
            if (line.starts_with(key)) return std::stol(line.substr(key.size()));
        return 0;
    }
    /// All of the first look is written before anything else is; each sleep after that is a tick.
    bool paused(pid_t looking) const {
        pollfd some{read_.get(), POLLIN, 0};
        if (poll(&some, 1, static_cast<int>(test::kPatience.count())) != 1) return false;
        const long before = sleeps_of(looking);
        return test::eventually([&] { return sleeps_of(looking) > before + 20; });
    }
    Written read_all() const {
        Written written;
        std::string line;  // its beginning
        std::array<char, 65536> chunk{};
        for (ssize_t got = 0; (got = read(read_.get(), chunk.data(), chunk.size())) > 0;) {
            std::string_view rest(chunk.data(), static_cast<std::size_t>(got));
            for (std::size_t end = 0; (end = rest.find('\n')) != rest.npos;) {
                line += rest.substr(0, end);
                rest.remove_prefix(end + 1);
                if (line.starts_with("lost "))
                    written.lost.push_back(line);
                else
                    ++written.records;
                line.clear();
            }
            if (line.size() < kLongest) line += rest;
        }
        return written;
    }
    static constexpr std::size_t kLongest = 200;
};

TEST_F(PausedWatch, EndsWhenItsCountIsReached) {
    options_.count = kOpen + 7;
    const Written written = run([this] { maker_.child().signal(SIGKILL); });
    EXPECT_EQ(status_, ExitStatus::success);
    EXPECT_EQ(written.records, kOpen + 7);
    EXPECT_THAT(written.lost, ElementsAre(HasSubstr("looking stopped for")));
}

TEST_F(PausedWatch, EndsWithItsProcess) {
    const Written written = run([this] { maker_.child().signal(SIGKILL); });
    EXPECT_EQ(status_, ExitStatus::success);
    EXPECT_EQ(written.records, 2 * kOpen);
    EXPECT_THAT(written.lost, ElementsAre(HasSubstr("looking stopped for")));
}

TEST_F(PausedWatch, EndsAfterItsDuration) {
    options_.duration = std::chrono::milliseconds(500);
    const Written written = run([] {});
    EXPECT_EQ(status_, ExitStatus::success);
    EXPECT_EQ(written.records, kOpen);
}

}  // namespace
}  // namespace logfia
