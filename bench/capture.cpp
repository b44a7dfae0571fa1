// The share of files that polling sees when they are held open for L, at an interval of N.

#include "benches.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace logfia::bench {
namespace {

constexpr int kFiles = 2000;

struct Seen {
    std::set<std::string> names;
    long opens = 0;
    long unpaired = 0;  ///< an open of a number that was open, or a close of one that was not
};

void sleep_us(double us) {
    usleep(static_cast<useconds_t>(us));
}

/// How the process that opens the files behaves otherwise.
enum class Manner { sleeps, spins, has_threads };

void wait_us(double us, Manner manner) {
    if (manner != Manner::spins) return sleep_us(us);
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double, std::micro>(us);
    while (std::chrono::steady_clock::now() < end) {
    }
}

/// Opens and closes `kFiles` files, each under a name of its own, at random moments. Says for how
/// long it held them, in the middle: a sleep takes longer than it is asked for.
double churn(const std::string& dir, double hold_us, double rest_us, Manner manner, int others) {
    open_mixed(others);
    std::vector<std::thread> threads;
    for (int i = 0; manner == Manner::has_threads && i < 100; ++i)
        threads.emplace_back([] { pause(); });
    for (auto& thread : threads) thread.detach();

    std::mt19937 random(1);
    std::uniform_real_distribution<double> jitter(0.5, 1.5);
    double held_us = 0;
    for (int i = 0; i < kFiles; ++i) {
        const std::string path = fmt::format("{}/{}", dir, i);
        const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
        const auto opened = std::chrono::steady_clock::now();
        wait_us(hold_us, manner);
        close(fd);
        held_us +=
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - opened)
                .count();
        unlink(path.c_str());
        wait_us(rest_us * jitter(random), manner);
    }
    return held_us / kFiles;
}

/// Reads records of the form "TIME EVENT COMM[PID] FD NAME".
Seen read_records(std::string_view records, const std::string& dir) {
    Seen seen;
    std::map<std::string, bool> open_numbers;
    while (!records.empty()) {
        std::string_view line = records.substr(0, records.find('\n'));
        records.remove_prefix(std::min(line.size() + 1, records.size()));
        std::string_view field[5];
        for (auto& text : field) {
            text = line.substr(0, line.find(' '));
            line.remove_prefix(std::min(text.size() + 1, line.size()));
        }
        if (!field[4].starts_with(dir)) continue;
        const std::string number(field[3]);
        if (field[1] == "open") {
            ++seen.opens;
            seen.unpaired += open_numbers[number];
            open_numbers[number] = true;
            seen.names.emplace(field[4]);
        } else if (field[1] == "close") {
            seen.unpaired += !open_numbers[number];
            open_numbers[number] = false;
        }
    }
    for (const auto& [number, open] : open_numbers) seen.unpaired += open;
    return seen;
}

/// Measures while `others` descriptors are open all the time.
void measure_capture(double hold_us, const char* interval, double interval_us, Manner manner,
                     int others = 0) {
    namespace fs = std::filesystem;
    std::string dir = (fs::temp_directory_path() / "logfia-capture-XXXXXX").string();
    if (mkdtemp(dir.data()) == nullptr) return;
    auto* held_us = static_cast<double*>(
        mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const Child churner([&] {
        sleep_us(300'000);  // until the watch has begun
        *held_us = churn(dir, hold_us, hold_us + 3000, manner, others);
    });
    const Run run = run_program(
        {LOGFIA_EXECUTABLE, "-n", "-r", "-l", "-d", interval, std::to_string(churner.pid())},
        Keep::output);
    const Seen seen = read_records(run.output, dir);
    constexpr const char* kManners[] = {"sleeps", "spins", "100 threads"};
    fmt::print(
        "{:>12} {:>9.2f} {:>9} {:>8} {:>8.1f} {:>9.1f} {:>9}\n", kManners[static_cast<int>(manner)],
        *held_us / 1000, interval, kFiles, 100.0 * static_cast<double>(seen.names.size()) / kFiles,
        interval_us > 0 ? 100.0 * std::min(1.0, *held_us / interval_us) : 100.0, seen.unpaired);
    munmap(held_us, sizeof(double));
    fs::remove_all(dir);
}

}  // namespace

void bench_capture(Length) {
    fmt::print(
        "Files caught, each held open for a while ({} a row;\n"
        "0: looks back to back, 100 other descriptors)\n",
        kFiles);
    fmt::print("{:>12} {:>9} {:>9} {:>8} {:>8} {:>9} {:>9}\n", "the process", "held ms", "interval",
               "files", "% seen", "% expect", "unpaired");
    measure_capture(20'000, "10ms", 10'000, Manner::sleeps);
    measure_capture(5'000, "10ms", 10'000, Manner::sleeps);
    measure_capture(5'000, "1ms", 1000, Manner::sleeps);
    for (const Manner manner : {Manner::sleeps, Manner::spins, Manner::has_threads})
        measure_capture(2'000, "10ms", 10'000, manner);
    measure_capture(85, "0", 0, Manner::spins, 100);
}

}  // namespace logfia::bench
