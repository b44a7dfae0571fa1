// Whether a command of logfia -X feels that nobody reads its records.

#include "benches.hpp"
#include "maker.hpp"
#include "measure.hpp"
#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace logfia::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kWindowMs = 100;
constexpr int kWindowsASecond = 1000 / kWindowMs;
constexpr double kLeastRatio = 0.9;  // of the rate under a reader that reads; less would be felt

/// The records of one run, as they were read.
struct Records {
    double bytes = 0;
    long opens = 0;
    long closes = 0;
    std::vector<std::string> lost{};
};

/// Keeps the `lost` ones, and counts the others.
class Counter {
  public:
    void take(std::string_view bytes) {
        records_.bytes += static_cast<double>(bytes.size());
        for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
            line_ += bytes.substr(0, end);
            take_line();
            line_.clear();
            bytes.remove_prefix(end + 1);
        }
        line_ += bytes;
    }
    [[nodiscard]] const Records& records() const { return records_; }

  private:
    void take_line() {
        const auto says = [this](std::string_view text, std::string_view json) {
            return line_.find(line_.starts_with('{') ? json : text) != std::string::npos;
        };
        if (says(" open ", R"("event":"open")"))
            ++records_.opens;
        else if (says(" close ", R"("event":"close")"))
            ++records_.closes;
        else if (says(" lost ", R"("event":"lost")"))
            records_.lost.push_back(line_);
    }

    Records records_;
    std::string line_;
};

Records read_to_the_end(int fd) {
    static char buffer[1 << 20];
    Counter counter;
    pollfd ready{fd, POLLIN, 0};
    for (;;) {
        poll(&ready, 1, -1);
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0) break;
        if (got > 0) counter.take({buffer, static_cast<std::size_t>(got)});
    }
    return counter.records();
}

struct Rush {
    std::vector<double> windows;  ///< opens and closes in each
    Records records;
};

enum class Reader { reads, stands };
enum class Form { text, json };

Rush rush_under(const std::string& dir, int seconds, Reader reader, Form form) {
    const std::string fifo = dir + "/records";
    check(mkfifo(fifo.c_str(), 0600) == 0, "mkfifo");
    const int fd = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    Rush run;
    std::optional<Maker> maker;
    const char* option = form == Form::json ? "-j" : "--no-long";
    maker.emplace(std::vector<std::string>{LOGFIA_EXECUTABLE, "-X", "-n", "-q", option, "--time",
                                           "start", "-o", fifo, "--"});
    std::thread reading([&] {
        if (reader == Reader::stands) std::this_thread::sleep_for(std::chrono::seconds(seconds));
        run.records = read_to_the_end(fd);
    });
    run.windows = maker->ask(fmt::format("rush {} {} {}/opened", seconds * 1000, kWindowMs, dir));
    maker.reset();
    reading.join();
    close(fd);
    fs::remove(fifo);
    return run;
}

/// Opens and closes in each second.
std::vector<double> by_second(const std::vector<double>& windows) {
    std::vector<double> seconds;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        if (i % kWindowsASecond == 0) seconds.push_back(0);
        seconds.back() += windows[i];
    }
    return seconds;
}

void print_records(const char* what, const Rush& run) {
    const auto total = by_second(run.windows);
    double pairs = 0;
    for (const double count : total) pairs += count;
    fmt::print("{:<8} {:.0f} pairs; {} opens and {} closes told, {:.1f} MiB; {} lost\n", what,
               pairs, run.records.opens, run.records.closes, run.records.bytes / (1 << 20),
               run.records.lost.size());
    for (const std::string& line : run.records.lost) fmt::print("    {}\n", line);
}

/// In turn, so that disturbances of the machine affect both alike.
struct Rounds {
    std::vector<Rush> reads;
    std::vector<Rush> stands;
};

/// The median of the rounds, second by second.
std::vector<double> rates(const std::vector<Rush>& rounds) {
    std::vector<double> middle;
    for (std::size_t second = 0; second < by_second(rounds[0].windows).size(); ++second) {
        std::vector<double> values;
        for (const Rush& rush : rounds) values.push_back(by_second(rush.windows)[second]);
        middle.push_back(median(values));
    }
    return middle;
}

double slowest(const std::vector<Rush>& rounds) {
    double least = rounds[0].windows[0];
    for (const Rush& rush : rounds)
        least = std::min(least, *std::min_element(rush.windows.begin(), rush.windows.end()));
    return least;
}

void print_rounds(const Rounds& rounds, Form form) {
    fmt::print("\n{:>8} {:>10} {:>10} {:>8}\n", form == Form::json ? "JSON" : "text", "reads",
               "stands", "ratio");
    const auto by_reader = rates(rounds.reads);
    const auto by_nobody = rates(rounds.stands);
    for (std::size_t i = 0; i < by_nobody.size(); ++i)
        fmt::print("{:>8} {:>10.0f} {:>10.0f} {:>8.3f}\n", i + 1, by_reader[i], by_nobody[i],
                   by_nobody[i] / by_reader[i]);
    const double rate = median(by_nobody) / median(by_reader);
    const bool met = rate >= kLeastRatio && slowest(rounds.stands) > 0;
    fmt::print(
        "the slowest {} ms: {:.0f} and {:.0f}; ratio of the medians {:.3f}, at least {} {}\n",
        kWindowMs, slowest(rounds.reads), slowest(rounds.stands), rate, kLeastRatio,
        met ? "met" : "MISSED");
    for (const Rush& rush : rounds.reads) print_records("reads", rush);
    for (const Rush& rush : rounds.stands) print_records("stands", rush);
}

}  // namespace

void bench_reader(Length length) {
    warn_of_load();
    const int seconds = length == Length::full ? 10 : 3;
    std::string dir = (fs::temp_directory_path() / "logfia-reader-XXXXXX").string();
    check(mkdtemp(dir.data()) != nullptr, "mkdtemp");
    std::ofstream(dir + "/opened") << "x";
    fmt::print(
        "Opens and closes a second, while somebody reads the records of -X and while nobody "
        "does for {} s\n",
        seconds);
    rush_under(dir, 1, Reader::reads, Form::text);  // to warm up
    for (const Form form : {Form::text, Form::json}) {
        Rounds rounds;
        for (int round = 0; round < (length == Length::full ? 3 : 1); ++round) {
            rounds.reads.push_back(rush_under(dir, seconds, Reader::reads, form));
            rounds.stands.push_back(rush_under(dir, seconds, Reader::stands, form));
        }
        print_rounds(rounds, form);
    }
    fs::remove_all(dir);
}

}  // namespace logfia::bench
