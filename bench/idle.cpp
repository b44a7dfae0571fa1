// An idle target: logfia against a bare timer that asks one clock, with and without the gate.

#include "benches.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace logfia::bench {
namespace {

constexpr double kWindowSeconds = 0.2;

/// How much is measured.
struct Effort {
    int windows;  ///< in a row
    int turns;
};
constexpr Effort kFull{15, 4};
constexpr Effort kBrief{10, 2};

Nanoseconds read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

clockid_t cpu_clock_of(pid_t pid) {
    clockid_t clock{};
    clock_getcpuclockid(pid, &clock);
    return clock;
}

/// What any watch must do: sleep until the next tick of a timetable, ask one clock.
[[noreturn]] void bare_timer(pid_t pid, long interval_ns) {
    const clockid_t clock = cpu_clock_of(pid);
    timespec next{};
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        next.tv_nsec += interval_ns;
        next.tv_sec += next.tv_nsec / 1'000'000'000;
        next.tv_nsec %= 1'000'000'000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
        read_clock(clock);
    }
}

[[noreturn]] void become_logfia(pid_t pid, const std::string& interval) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl(LOGFIA_EXECUTABLE, "logfia", "-n", "-q", "-d", interval.c_str(),
          std::to_string(pid).c_str(), nullptr);
    _exit(127);
}

struct Idle {
    double tick_us = 0;       ///< CPU time of a tick, in windows without a full look
    double core_percent = 0;  ///< of all windows, full looks included
};

/// From the CPU time of each window: a full look stands out.
Idle judge(const std::vector<Nanoseconds>& windows, double ticks_a_window) {
    const double usual = median(windows);
    std::vector<double> quiet;
    std::copy_if(windows.begin(), windows.end(), std::back_inserter(quiet),
                 [&](double window) { return window < 1.5 * usual; });
    const double sum = std::accumulate(windows.begin(), windows.end(), 0.0);
    return {median(quiet) / ticks_a_window / 1000,
            sum / (static_cast<double>(windows.size()) * kWindowSeconds * 1e9) * 100};
}

void sample(const Child& child, int count, std::vector<Nanoseconds>& windows) {
    usleep(500'000);  // until its first look is over
    const clockid_t clock = cpu_clock_of(child.pid());
    Nanoseconds before = read_clock(clock);
    for (int window = 0; window < count; ++window) {
        usleep(static_cast<useconds_t>(kWindowSeconds * 1e6));
        const Nanoseconds now = read_clock(clock);
        windows.push_back(now - before);
        before = now;
    }
}

/// In turn, one at a time: a second process that wakes up makes waking up cheaper for the first.
void measure_idle(int descriptors, const std::string& interval, long interval_ns, Effort effort) {
    const Target target([&] { open_mixed(descriptors); });
    std::vector<Nanoseconds> bare_windows;
    std::vector<Nanoseconds> watch_windows;
    long resident = 0;
    for (int turn = 0; turn < effort.turns; ++turn) {
        sample(Child([&] { bare_timer(target.pid(), interval_ns); }), effort.windows, bare_windows);
        const Child watch([&] { become_logfia(target.pid(), interval); });
        sample(watch, effort.windows, watch_windows);
        resident = resident_kib(watch.pid());
    }
    const double ticks = kWindowSeconds * 1e9 / static_cast<double>(interval_ns);
    const Idle floor = judge(bare_windows, ticks);
    const Idle idle = judge(watch_windows, ticks);
    fmt::print("{:>12} {:>9} {:>10.1f} {:>11.1f} {:>7.2f} {:>12.3f} {:>9}\n", descriptors, interval,
               floor.tick_us, idle.tick_us, idle.tick_us / floor.tick_us, idle.core_percent,
               resident);
}

}  // namespace

void bench_idle(Length length) {
    fmt::print("An idle target: CPU time of a tick, full looks apart; of a core, all included\n");
    fmt::print("(9999us: below 10 ms there is no gate, every tick is a full look)\n");
    fmt::print("{:>12} {:>9} {:>10} {:>11} {:>7} {:>12} {:>9}\n", "descriptors", "interval",
               "bare us", "logfia us", "ratio", "% of a core", "RSS KiB");
    const bool full = length == Length::full;
    const Effort effort = full ? kFull : kBrief;
    for (const int descriptors : {10, 1000, 10'000}) {
        measure_idle(descriptors, "100ms", 100'000'000, effort);
        if (full || descriptors == 1000) measure_idle(descriptors, "10ms", 10'000'000, effort);
    }
    if (full) measure_idle(1000, "9999us", 9'999'000, effort);
}

}  // namespace logfia::bench
