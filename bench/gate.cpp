// The gain of the gate, and its price: watches with and without it, side by side in one run.

#include "benches.hpp"
#include "measure.hpp"
#include "support/event_sinks.hpp"
#include "target.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poll_source.hpp>
#include <logfia/source/poll/tick_clock.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace logfia::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

double milliseconds_of(Duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

PollerOptions options_of(Duration interval, bool gate) {
    PollerOptions options;
    options.interval = interval;
    options.gate = gate;
    return options;
}

/// Looks at one process until it is killed, as the program does.
[[noreturn]] void watch(pid_t pid, const PollerOptions& options) {
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    Numbers numbers;
    WantedProcesses wanted;
    wanted.pids = {pid};
    auto source = PollSource::create(std::move(*ProcRoot::open("/proc")), options, wanted, numbers);
    test::CountedEvents sink;
    (*source)->find_processes(sink);
    for (;;) {
        if ((*source)->run(read_clocks(), sink) == Source::State::busy) continue;
        if (const auto next = (*source)->next()) std::this_thread::sleep_until(*next);
    }
}

/// The share of a core that the child takes while it is not stopped.
double share_of_a_core(const Child& child, milliseconds time) {
    clockid_t clock{};
    clock_getcpuclockid(child.pid(), &clock);
    const auto used = [&] {
        timespec now{};
        clock_gettime(clock, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
    };
    kill(child.pid(), SIGCONT);
    std::this_thread::sleep_for(milliseconds(20));
    const double before = used();
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(time);
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - began;
    const double share = (used() - before) / lasted.count();
    kill(child.pid(), SIGSTOP);
    return share;
}

[[noreturn]] void become_logfia(pid_t pid) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl(LOGFIA_EXECUTABLE, "logfia", "-n", "-q", "-d", "1", std::to_string(pid).c_str(), nullptr);
    _exit(127);
}

void measure_idle(int descriptors, int threads, int windows) {
    const Target target([&] {
        open_mixed(descriptors);
        for (int i = 1; i < threads; ++i) std::thread([] { pause(); }).detach();
    });
    const Child program([&] { become_logfia(target.pid()); });
    const Child gated([&] { watch(target.pid(), options_of(milliseconds(1), true)); });
    const Child plain([&] { watch(target.pid(), options_of(milliseconds(1), false)); });
    const Child* const all[] = {&program, &gated, &plain};
    std::this_thread::sleep_for(milliseconds(500));  // the first look
    for (const Child* one : all) kill(one->pid(), SIGSTOP);
    std::vector<double> shares[3];
    for (int window = 0; window < windows; ++window)
        for (std::size_t i = 0; i < 3; ++i)
            shares[i].push_back(share_of_a_core(*all[i], milliseconds(1000)));
    fmt::print("{:>12} {:>8} {:>12.2f} {:>10.2f} {:>10.2f} {:>9.3f}\n", descriptors, threads,
               median(shares[0]) * 100, median(shares[1]) * 100, median(shares[2]) * 100,
               ratio(shares[1], shares[2]));
}

/// How a target that opens files behaves.
struct Manner {
    int threads = 1;
    microseconds hold{1200};
    microseconds spin{300};  ///< before and after each open and each close
    microseconds gap{3000};  ///< on average, between a close and the next open
    int files = 1000;
};

void spin_for(microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

void churn(const std::string& dir, const Manner& manner) {
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    std::mt19937 random(7);
    std::exponential_distribution<double> gaps(1.0 / static_cast<double>(manner.gap.count()));
    for (int i = 0; i < manner.files; ++i) {
        std::this_thread::sleep_for(microseconds(static_cast<long>(gaps(random))));
        const std::string path = fmt::format("{}/{}", dir, i);
        spin_for(manner.spin);
        const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
        spin_for(manner.spin);
        if (manner.hold > 2 * manner.spin)
            std::this_thread::sleep_for(manner.hold - 2 * manner.spin);
        spin_for(manner.spin);
        close(fd);
        unlink(path.c_str());
        spin_for(manner.spin);
    }
}

/// The names that were opened below a directory.
class Seen final : public EventSink {
  public:
    explicit Seen(std::string dir) : dir_(std::move(dir)) {}
    void accept(Event&& event) override {
        const DescriptorChange* change = event.descriptor_change();
        if (change == nullptr || event.kind != EventKind::open) return;
        const std::string& name = change->descriptor.name;
        if (name.starts_with(dir_)) names.insert(name.substr(0, name.find(' ')));
    }
    void notice(std::string_view) override {}

    std::set<std::string> names;

  private:
    std::string dir_;
};

/// A poller of one process, and what it has seen.
struct Watcher {
    Watcher(pid_t pid, const PollerOptions& options, const std::string& dir) : seen(dir) {
        auto root = ProcRoot::open("/proc");
        const pid_t pids[] = {pid};
        auto opened = open_processes(*root, pids, DescriptorBudget(1));
        poller = std::make_unique<Poller>(std::move(*root), options, numbers);
        for (auto& process : opened.processes) poller->processes().add(std::move(process));
    }
    void look() { poller->look(read_clocks(), seen); }

    Numbers numbers;
    std::unique_ptr<Poller> poller;
    Seen seen;
};

/// Two watches have the same target, and look one right after the other at each tick, each first in
/// turn: whatever only one of them has caught is the gate's doing, but for what falls between the
/// two.
void measure_capture(const Manner& manner, Duration interval) {
    std::string dir = (fs::temp_directory_path() / "logfia-gate-XXXXXX").string();
    if (mkdtemp(dir.data()) == nullptr) std::abort();
    const Child target([&] {
        open_mixed(100);
        for (int i = 1; i < manner.threads; ++i) std::thread([] { pause(); }).detach();
        std::this_thread::sleep_for(milliseconds(300));  // until the watch has begun
        if (manner.threads == 1) return churn(dir, manner);
        std::thread([&] { churn(dir, manner); }).join();  // the first thread sleeps
    });
    std::this_thread::sleep_for(milliseconds(100));
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    Watcher gated(target.pid(), options_of(interval, true), dir);
    Watcher plain(target.pid(), options_of(interval, false), dir);
    TickClock ticks(std::chrono::steady_clock::now(), interval);
    for (int tick = 0; plain.poller->processes().watched() > 0; ++tick) {
        (tick % 2 == 0 ? gated : plain).look();
        (tick % 2 == 0 ? plain : gated).look();
        ticks.advance(std::chrono::steady_clock::now());
        std::this_thread::sleep_until(ticks.next());
    }
    const auto share = [&](const Watcher& one) {
        return 100.0 * static_cast<double>(one.seen.names.size()) / manner.files;
    };
    fmt::print("{:>8} {:>8} {:>8.1f} {:>8.1f} {:>6} {:>8.1f} {:>8.1f} {:>11.2f}\n", manner.threads,
               milliseconds_of(manner.hold), milliseconds_of(manner.spin),
               milliseconds_of(interval), manner.files, share(gated), share(plain),
               share(gated) - share(plain));
    fs::remove_all(dir);
}

}  // namespace

void bench_gate(Length length) {
    const bool full = length == Length::full;
    fmt::print("An idle target at -d 1: of a core, in turn; the ratio is that of the last two\n");
    fmt::print("{:>12} {:>8} {:>12} {:>10} {:>10} {:>9}\n", "descriptors", "threads", "the program",
               "gate %", "no gate %", "ratio");
    for (const int threads : {1, 4, 100}) measure_idle(1000, threads, full ? 10 : 4);
    if (full) measure_idle(100, 100, 10);
    fmt::print("\nFiles caught with the gate and without, by two that look at the same moments\n");
    fmt::print("{:>8} {:>8} {:>8} {:>8} {:>6} {:>8} {:>8} {:>11}\n", "threads", "held ms",
               "spin ms", "every ms", "files", "gate %", "none %", "difference");
    for (const int threads : {1, 4, 100})
        for (int round = 0; round < (full ? 3 : 1); ++round)
            measure_capture({.threads = threads}, milliseconds(1));
    for (const int threads : {1, 100})
        measure_capture({threads, milliseconds(5), microseconds(2000), microseconds(6000)},
                        milliseconds(10));
}

}  // namespace logfia::bench
