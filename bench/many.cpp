// A whole machine: a thousand idle processes, and processes that come and go.

#include "benches.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

namespace logfia::bench {
namespace {

constexpr int kProcesses = 1000;
constexpr int kDescriptors = 50;
constexpr int kBirthsASecond = 500;
constexpr int kWindow = 5;  // seconds

double cpu_seconds(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0) return 0;
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

[[noreturn]] void become_logfia(const char* interval) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl(LOGFIA_EXECUTABLE, "logfia", "-n", "-q", "-a", "-d", interval, nullptr);
    _exit(127);
}

/// Waits until the first look is over: then the process sleeps.
void wait_for_first_look(pid_t pid) {
    double before = -1;
    for (double now = cpu_seconds(pid); now - before > 0.001; now = cpu_seconds(pid)) {
        before = now;
        usleep(500'000);
    }
}

void print_row(const std::string& what, pid_t pid, double used) {
    fmt::print("{:<42} {:>12.2f} {:>9}\n", what, used / kWindow * 100, resident_kib(pid));
}

void measure_idle_crowd() {
    std::vector<std::unique_ptr<Target>> crowd;
    for (int i = 0; i < kProcesses; ++i)
        crowd.push_back(std::make_unique<Target>([] { open_mixed(kDescriptors); }));
    const Child watch([] { become_logfia("1000"); });
    wait_for_first_look(watch.pid());
    fmt::print("first look: {:.2f} s of CPU time\n", cpu_seconds(watch.pid()));
    for (int window = 0; window < 2; ++window) {
        const double before = cpu_seconds(watch.pid());
        sleep(kWindow);
        print_row(
            fmt::format("{} idle processes, {} descriptors", kProcesses, kProcesses * kDescriptors),
            watch.pid(), cpu_seconds(watch.pid()) - before);
    }
}

/// Starts processes that open a file, live 4 ms and end.
void give_birth(int seconds) {
    timespec next{};
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int i = 0; i < seconds * kBirthsASecond; ++i) {
        if (fork() == 0) {
            open("/etc/passwd", O_RDONLY);
            usleep(4'000);
            _exit(0);
        }
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        next.tv_nsec += 1'000'000'000 / kBirthsASecond;
        next.tv_sec += next.tv_nsec / 1'000'000'000;
        next.tv_nsec %= 1'000'000'000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
    }
    while (waitpid(-1, nullptr, 0) > 0) {
    }
}

void measure_churn() {
    const Child watch([] { become_logfia("100"); });
    wait_for_first_look(watch.pid());
    constexpr int kWindows = 4;
    const Child mother([] { give_birth(kWindows * kWindow); });
    for (int window = 1; window <= kWindows; ++window) {
        const double before = cpu_seconds(watch.pid());
        sleep(kWindow);
        print_row(fmt::format("{} came and went", window * kWindow * kBirthsASecond), watch.pid(),
                  cpu_seconds(watch.pid()) - before);
    }
}

}  // namespace

void bench_many(Length) {
    fmt::print("All processes of the machine (-a): idle ones at -d 1000; {} a second at -d 100\n",
               kBirthsASecond);
    fmt::print("{:<42} {:>12} {:>9}\n", "", "% of a core", "RSS KiB");
    measure_idle_crowd();
    measure_churn();
}

}  // namespace logfia::bench
