// An idle target: logfia against a bare timer that reads the target's state and one clock.

#include "benches.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace logfia::bench {
namespace {

/// How much to measure.
struct Effort {
    int pairs;          ///< of windows, one of the bare timer and one of logfia
    Nanoseconds alone;  ///< of logfia in a row, full looks included
};
constexpr Effort kFull{40, 8e9};
constexpr Effort kBrief{30, 3e9};

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

/// The least that any watch must do: sleep until the next tick of a timetable, and read the state
/// and one clock (the clock alone stands still while its process runs on another core). Ticks that
/// were missed while the process was stopped are skipped.
[[noreturn]] void bare_timer(pid_t pid, long interval_ns) {
    const clockid_t clock = cpu_clock_of(pid);
    const int state = open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC);
    char text[512];
    double next = read_clock(CLOCK_MONOTONIC);
    for (;;) {
        next = std::max(next + static_cast<double>(interval_ns), read_clock(CLOCK_MONOTONIC));
        const auto whole = static_cast<std::int64_t>(next);
        const timespec then{whole / 1'000'000'000, whole % 1'000'000'000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, nullptr);
        if (pread(state, text, sizeof text, 0) <= 0) _exit(1);
        read_clock(clock);
    }
}

[[noreturn]] void become_logfia(pid_t pid, const std::string& interval) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl(LOGFIA_EXECUTABLE, "logfia", "-n", "-q", "-d", interval.c_str(),
          std::to_string(pid).c_str(), nullptr);
    _exit(127);
}

void sleep_for(double nanoseconds) {
    usleep(static_cast<useconds_t>(nanoseconds / 1000));
}

/// The share of a core that the child takes in the next `time`.
double share_of_a_core(const Child& child, Nanoseconds time) {
    const clockid_t clock = cpu_clock_of(child.pid());
    const Nanoseconds began = read_clock(CLOCK_MONOTONIC);
    const Nanoseconds before = read_clock(clock);
    sleep_for(time);
    return (read_clock(clock) - before) / (read_clock(CLOCK_MONOTONIC) - began);
}

/// CPU time of a tick within a window of four ticks or more. No other process may wake up
/// meanwhile: that would make waking up cheaper.
Nanoseconds tick_alone(const Child& child, double interval_ns) {
    kill(child.pid(), SIGCONT);
    sleep_for(std::max(1.5 * interval_ns, 50e6));  // the first tick is a late one
    const Nanoseconds tick = share_of_a_core(child, std::max(4 * interval_ns, 200e6)) * interval_ns;
    kill(child.pid(), SIGSTOP);
    return tick;
}

struct Ticks {
    std::vector<Nanoseconds> bare;
    std::vector<Nanoseconds> watch;
};

/// Measures window by window in turn, so that disturbances of the machine affect both. A full look,
/// which stands out, is left out together with its neighbour.
Ticks measure_ticks(const Child& bare, const Child& watch, double interval_ns, int pairs) {
    for (const Child* child : {&bare, &watch}) kill(child->pid(), SIGSTOP);
    Ticks all;
    for (int pair = 0; pair < pairs; ++pair) {
        all.bare.push_back(tick_alone(bare, interval_ns));
        all.watch.push_back(tick_alone(watch, interval_ns));
    }
    const Nanoseconds usual = median(all.watch);
    Ticks quiet;
    for (std::size_t i = 0; i < all.watch.size(); ++i) {
        if (all.watch[i] >= 1.5 * usual) continue;
        quiet.bare.push_back(all.bare[i]);
        quiet.watch.push_back(all.watch[i]);
    }
    return quiet;
}

void measure_idle(int descriptors, const std::string& interval, long interval_ns, Effort effort) {
    constexpr double kFirstLook = 500e6;
    const Target target([&] { open_mixed(descriptors); });
    const Child watch([&] { become_logfia(target.pid(), interval); });
    sleep_for(kFirstLook);
    const double share = share_of_a_core(watch, effort.alone);
    const Child bare([&] { bare_timer(target.pid(), interval_ns); });
    const Ticks ticks = measure_ticks(bare, watch, static_cast<double>(interval_ns), effort.pairs);
    fmt::print("{:>12} {:>9} {:>10.1f} {:>11.1f} {:>7.2f} {:>12.3f} {:>9}\n", descriptors, interval,
               median(ticks.bare) / 1000, median(ticks.watch) / 1000,
               ratio(ticks.watch, ticks.bare), share * 100, resident_kib(watch.pid()));
}

}  // namespace

void bench_idle(Length length) {
    fmt::print("An idle target: CPU time of a tick, full looks apart; of a core, all included\n");
    fmt::print("{:>12} {:>9} {:>10} {:>11} {:>7} {:>12} {:>9}\n", "descriptors", "interval",
               "bare us", "logfia us", "ratio", "% of a core", "RSS KiB");
    const bool full = length == Length::full;
    const Effort effort = full ? kFull : kBrief;
    for (const int descriptors : {10, 1000, 10'000}) {
        measure_idle(descriptors, "100ms", 100'000'000, effort);
        if (full || descriptors == 1000) measure_idle(descriptors, "10ms", 10'000'000, effort);
    }
    if (full) measure_idle(1000, "1ms", 1'000'000, effort);
}

}  // namespace logfia::bench
