// Measures what an exact watch costs its command, next to strace and to no watch at all, in turn.

#include "benches.hpp"
#include "maker.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace logfia::bench {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr double kUntouchedGoal = 20;    // ns a call
constexpr double kOfStraceGoal = 0.5;    // of what strace adds
constexpr double kMakeGoal = 1.5;        // times the unwatched build
constexpr double kResidentGoal = 12288;  // KiB
constexpr int kProjectFiles = 100;
constexpr int kManyFiles = 100'000;

class Scratch {
  public:
    Scratch() : path_((fs::temp_directory_path() / "logfia-exact-XXXXXX").string()) {
        check(mkdtemp(path_.data()) != nullptr, "mkdtemp");
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { fs::remove_all(path_); }
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + '/' + name; }

  private:
    std::string path_;
};

Words exact(const Words& options, const std::string& output) {
    Words words{LOGFIA_EXECUTABLE, "-X", "-n", "-q", "-o", output};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    return words;
}

Words strace() {
    return {"strace", "-f", "--seccomp-bpf", "-e", "trace=%desc,%network", "-o", "/dev/null", "--"};
}

bool has_strace() {
    const int status = run_program({"strace", "-V"}, Keep::nothing).status;
    if (status != 0) fmt::print("strace does not run here\n");
    return status == 0;
}

/// Median, and the median distance from it.
struct Spread {
    double median = 0;
    double deviation = 0;
};

Spread spread(const std::vector<double>& values) {
    const double middle = median(values);
    std::vector<double> distances;
    for (const double value : values) distances.push_back(std::abs(value - middle));
    return {middle, median(distances)};
}

std::vector<double> minus(const std::vector<double>& of, const std::vector<double>& other) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < of.size(); ++i) differences.push_back(of[i] - other[i]);
    return differences;
}

std::string met(double value, double goal) {
    return fmt::format("{:g} {}", goal, value <= goal ? "met" : "MISSED");
}

/// How a command is watched, and what that costs.
struct Contender {
    std::string name;
    Words before;
    int opens = 0;                 ///< in a round: slow ones make fewer
    std::optional<double> goal{};  ///< ns added to an open and its close
    std::vector<double> pair_ns{};
    double least_pair_ns = std::numeric_limits<double>::max();
    std::vector<double> call_ns{};
};

constexpr std::size_t kUnwatched = 0;

std::vector<Contender> contenders(const Scratch& scratch) {
    const std::string file = scratch.path("records");
    std::vector<Contender> all{
        {"unwatched", {}, 100'000},
        {"-X", exact({}, "/dev/null"), 20'000, 12'000.0},
        {"-X -j", exact({"-j"}, "/dev/null"), 20'000, 18'000.0},
        {"-X -l", exact({"-l"}, "/dev/null"), 20'000, 18'000.0},
        {"-X, into a file", exact({}, file), 20'000, 12'000.0},
        {"-X -j, into a file", exact({"-j"}, file), 20'000, 18'000.0},
        {"-X, into a pipe", exact({}, scratch.path("pipe")), 20'000, 12'000.0},
    };
    if (has_strace()) all.push_back({"strace", strace(), 4'000});
    return all;
}

/// The calls are short: the least that a batch takes is what no disturbance has reached.
double call_ns(Maker& maker) {
    constexpr int kBatches = 20;
    constexpr int kCalls = 50'000;
    double least = 0;
    for (int batch = 0; batch < kBatches; ++batch) {
        const double took = maker.ask(fmt::format("time-calls {}", kCalls)).at(0) / kCalls;
        least = batch == 0 ? took : std::min(least, took);
    }
    return least;
}

void take_turn(Contender& contender, const std::string& path) {
    constexpr int kBatches = 5;
    const int opens = contender.opens / kBatches;
    const std::string order = fmt::format("time-opens {} {}", opens, path);
    Maker maker(contender.before);
    maker.ask(order);  // to warm up
    std::vector<double> batches;
    for (int batch = 0; batch < kBatches; ++batch)
        batches.push_back(maker.ask(order).at(0) / opens);
    contender.pair_ns.push_back(median(batches));
    contender.least_pair_ns =
        std::min(contender.least_pair_ns, *std::min_element(batches.begin(), batches.end()));
    contender.call_ns.push_back(call_ns(maker));
}

/// Reads and forgets, as long as somebody writes, again and again.
[[noreturn]] void be_reader(const std::string& fifo) {
    static char buffer[65536];
    for (;;) {
        const int fd = open(fifo.c_str(), O_RDONLY);
        while (read(fd, buffer, sizeof buffer) > 0) {
        }
        close(fd);
    }
}

void print_pairs(const std::vector<Contender>& all) {
    const auto& alone = all[kUnwatched];
    const bool strace_ran = all.back().name == "strace";
    const double of_strace =
        strace_ran ? median(minus(all.back().pair_ns, alone.pair_ns)) : std::nan("");
    fmt::print("{:<20} {:>8} {:>8} {:>6} {:>10} {:>8}  {}\n", "ns a pair", "all", "added", "+-",
               "of strace", "least", "goals");
    for (const Contender& one : all) {
        const Spread added = spread(minus(one.pair_ns, alone.pair_ns));
        const double share = added.median / of_strace;
        fmt::print("{:<20} {:>8.0f} {:>8.0f} {:>6.0f} {:>10.3f} {:>8.0f}  {}{}\n", one.name,
                   median(one.pair_ns), added.median, added.deviation, share,
                   one.least_pair_ns - alone.least_pair_ns,
                   one.goal ? met(added.median, *one.goal) : "",
                   one.goal && strace_ran ? ", " + met(share, kOfStraceGoal) : "");
    }
    fmt::print("\n{:<20} {:>8} {:>8} {:>6}  {}\n", "ns an untouched call", "all", "added", "+-",
               "goal");
    for (const Contender& one : all) {
        const Spread added = spread(minus(one.call_ns, alone.call_ns));
        fmt::print("{:<20} {:>8.1f} {:>8.1f} {:>6.1f}  {}\n", one.name, median(one.call_ns),
                   added.median, added.deviation,
                   one.goal ? met(added.median, kUntouchedGoal) : "");
    }
}

void measure_calls(int rounds) {
    const Scratch scratch;
    const std::string path = scratch.path("opened");
    std::ofstream(path) << "x";
    check(mkfifo(scratch.path("pipe").c_str(), 0600) == 0, "mkfifo");
    const Child reader([&] { be_reader(scratch.path("pipe")); });
    std::vector<Contender> all = contenders(scratch);
    for (int round = 0; round < rounds; ++round) {
        for (Contender& one : all) take_turn(one, path);
        fs::remove(scratch.path("records"));
    }
    fmt::print(
        "One file opened and closed as fast as can be, and getppid(2); {} rounds\n"
        "(medians; least: what is added if the quietest moments alone are compared)\n",
        rounds);
    print_pairs(all);
}

void make_project(const std::string& dir) {
    fs::create_directory(dir);
    for (int i = 0; i < kProjectFiles; ++i)
        std::ofstream(fmt::format("{}/f{}.c", dir, i))
            << fmt::format("#include <stdio.h>\nint f{}(int x) {{ return x + {}; }}\n", i, i);
    std::ofstream(dir + "/main.c") << "int main(void) { return 0; }\n";
    std::ofstream(dir + "/Makefile") << "prog: $(patsubst %.c,%.o,$(wildcard *.c))\n"
                                        "\tcc -o $@ $^\nclean:\n\trm -f *.o prog\n";
}

double seconds_of_make(Words before, const std::string& dir) {
    run_program({"make", "-s", "-C", dir, "clean"}, Keep::nothing);
    for (const char* word : {"make", "-s", "-j2", "-C"}) before.emplace_back(word);
    before.push_back(dir);
    const auto began = std::chrono::steady_clock::now();
    check(run_program(before, Keep::nothing).status == 0, "make");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void measure_make(int rounds) {
    const Scratch scratch;
    const std::string dir = scratch.path("project");
    make_project(dir);
    struct Builder {
        const char* name;
        Words before;
        std::vector<double> seconds{};
    };
    std::vector<Builder> all{{"unwatched", {}}, {"-X -f", exact({"-f"}, "/dev/null")}};
    if (has_strace()) all.push_back({"strace", strace()});
    seconds_of_make({}, dir);  // to warm up
    for (int round = 0; round < rounds; ++round)
        for (Builder& one : all) one.seconds.push_back(seconds_of_make(one.before, dir));
    fmt::print("\nmake -j2 of {} files of C; {} rounds\n", kProjectFiles, rounds);
    fmt::print("{:<20} {:>8} {:>8} {:>6}  {}\n", "seconds", "all", "times", "+-", "goal");
    for (const Builder& one : all) {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < one.seconds.size(); ++i)
            ratios.push_back(one.seconds[i] / all[kUnwatched].seconds[i]);
        const Spread times = spread(ratios);
        const bool ours = one.name == std::string("-X -f");
        fmt::print("{:<20} {:>8.3f} {:>8.3f} {:>6.3f}  {}\n", one.name, median(one.seconds),
                   times.median, times.deviation, ours ? met(times.median, kMakeGoal) : "");
    }
}

long peak_resident_kib(pid_t pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    return 0;
}

void measure_memory() {
    fmt::print("\n{:<36} {:>8}  {}\n", "resident at most, KiB", "", "goal");
    for (const Words& options : {Words{}, Words{"-j"}, Words{"-l"}}) {
        const Scratch scratch;
        Maker maker(exact(options, "/dev/null"));
        maker.ask(fmt::format("churn {} 0 {}", kManyFiles, scratch.path("%")));
        const auto peak = static_cast<double>(peak_resident_kib(maker.pid()));
        fmt::print(
            "{:<36} {:>8}  {}\n",
            fmt::format("-X {}after {} files", options.empty() ? "" : options[0] + ' ', kManyFiles),
            peak, met(peak, kResidentGoal));
    }
}

}  // namespace

void bench_exact(Length length) {
    warn_of_load();
    const bool full = length == Length::full;
    measure_calls(full ? 15 : 5);
    measure_make(full ? 7 : 2);
    measure_memory();
}

}  // namespace logfia::bench
