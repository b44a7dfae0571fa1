#include <logfia/app/options.hpp>
#include <logfia/net/dns_servers.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace logfia {
namespace {

/// A usage error: what is wrong, where, and what to write instead.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
    throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

/// What CLI11 gathers, before it is understood.
struct RawOptions {
    std::optional<std::string> output;
    std::vector<std::string> words;
    std::vector<std::string> pid_lists;
    std::string interval = "100";
    std::string duration;
    std::string count;
    std::string dns_wait;
    std::string dns_servers;
    std::string time = "iso";
    std::string color = "auto";
    bool long_format = false;
    bool no_long = false;
    bool no_initial = false;
    bool version = false;
};

constexpr const char* kFooter =
    "Examples:\n"
    "  logfia 4711                        what process 4711 opens and closes\n"
    "  logfia -r -d 10 4711               files and directories only, looked at each 10 ms\n"
    "  logfia -n -1 -j 4711 | jq .name    what is open now, as JSON, without host names\n"
    "Times take a unit (250us, 10ms, 2s). Records go to standard output, notices to standard "
    "error.\n"
    "Exit status: 0 the processes ended or logfia was told to stop, 1 something failed,\n"
    "2 the command line is wrong.";

bool all_digits(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

pid_t parse_pid(const std::string& text) {
    pid_t pid = 0;
    const char* end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, pid);
    if (!all_digits(text) || error != std::errc{} || last != end || pid <= 0)
        refuse("'{}' is not a PID: a PID is a number from 1 to {}", text,
               std::numeric_limits<pid_t>::max());
    return pid;
}

void add_pid(std::vector<pid_t>& pids, const std::string& text) {
    const pid_t pid = parse_pid(text);
    if (std::find(pids.begin(), pids.end(), pid) == pids.end()) pids.push_back(pid);
}

bool is_path(const std::string& word) {
    return word.find('/') != std::string::npos || word == "." || word == "..";
}

void add_pids(Options& options, const RawOptions& raw) {
    for (const auto& word : raw.words) {
        if (is_path(word))
            refuse("'{}' is a path: watching paths is not built yet; give a PID", word);
        if (!all_digits(word)) refuse("'{}' is neither a PID nor a path", word);
        add_pid(options.pids, word);
    }
    for (const auto& list : raw.pid_lists) {
        std::size_t at = 0;
        while (at <= list.size()) {
            const std::size_t comma = std::min(list.find(',', at), list.size());
            add_pid(options.pids, list.substr(at, comma - at));
            at = comma + 1;
        }
    }
    if (options.pids.empty()) refuse("no PID: which process is to be watched?");
}

Duration positive_time(const char* flag, const std::string& text, BareUnit bare) {
    const auto time = parse_time(text, bare);
    if (!time || *time <= Duration::zero()) {
        refuse("{}: '{}' is not a time longer than 0; write {}", flag, text,
               bare == BareUnit::milliseconds ? "100 (milliseconds), 250us, 10ms or 2s"
                                              : "10 (seconds), 500ms, 5m or 1h");
    }
    return *time;
}

void understand_times(Options& options, const RawOptions& raw) {
    options.interval = positive_time("--interval", raw.interval, BareUnit::milliseconds);
    if (!raw.duration.empty())
        options.duration = positive_time("--duration", raw.duration, BareUnit::seconds);
    options.dns_wait =
        options.once ? Duration(std::chrono::seconds(2)) : std::chrono::milliseconds(250);
    if (raw.dns_wait.empty()) return;
    const auto wait = parse_time(raw.dns_wait, BareUnit::milliseconds);
    if (!wait)
        refuse("--dns-wait: '{}' is not a time; write 250 (milliseconds), 10ms, 2s or 0",
               raw.dns_wait);
    options.dns_wait = *wait;
}

void understand_count(Options& options, const RawOptions& raw) {
    if (raw.count.empty()) return;
    std::uint64_t count = 0;
    const char* end = raw.count.data() + raw.count.size();
    const auto [last, error] = std::from_chars(raw.count.data(), end, count);
    if (error != std::errc{} || last != end || count == 0)
        refuse("--count: '{}' is not a number of records; write 1 or more", raw.count);
    options.count = count;
}

TimeStyle time_style(const std::string& text) {
    if (text == "iso") return TimeStyle::iso;
    if (text == "unix") return TimeStyle::unix;
    if (text == "start") return TimeStyle::start;
    if (text == "delta") return TimeStyle::delta;
    refuse("--time: '{}' is not a style; write iso, unix, start or delta", text);
}

ColorWhen color_when(const std::string& text) {
    if (text == "auto") return ColorWhen::automatic;
    if (text == "always") return ColorWhen::always;
    if (text == "never") return ColorWhen::never;
    refuse("--color: '{}' is not one of auto, always and never", text);
}

void understand(Options& options, const RawOptions& raw) {
    add_pids(options, raw);
    understand_times(options, raw);
    understand_count(options, raw);
    if (raw.output && raw.output->empty()) refuse("--output: the name of the file is empty");
    options.output = raw.output.value_or("");
    options.time = time_style(raw.time);
    options.color = color_when(raw.color);
    options.initial = !raw.no_initial;
    if (raw.long_format && raw.no_long) refuse("--long and --no-long exclude each other");
    options.long_format = raw.long_format || (options.pids.size() > 1 && !raw.no_long);
    if (options.once && options.duration)
        refuse("--once looks a single time: --duration has no sense with it");
    if (options.once && raw.no_initial)
        refuse("--once prints what is open already: --no-initial would leave nothing");
    if (raw.dns_servers.empty()) return;
    const auto servers = parse_dns_servers(raw.dns_servers);
    if (!servers) refuse("{}", describe(servers.error()));
    options.dns_servers = *servers;
}

void declare(CLI::App& app, Options& options, RawOptions& raw) {
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.add_flag("-V,--version", raw.version, "Print the version and exit");
    app.add_option("PID", raw.words, "The processes to watch");
    app.add_option("-p,--pid", raw.pid_lists, "The same, as a list: PID[,PID...]; repeatable")
        ->allow_extra_args(false);
    app.add_option("-d,--interval", raw.interval,
                   "Time between two looks; a bare number is milliseconds [100]");
    app.add_flag("-r,--real-files", options.real_files,
                 "Only files and directories that live in a filesystem");
    app.add_flag("-j,--json", options.json, "Write JSON Lines");
    app.add_flag("-n,--numeric", options.numeric, "Look up no host names");
    app.add_flag("-1,--once", options.once, "Print what is open now, then exit");
    app.add_option("--duration", raw.duration, "Stop after that long; a bare number is seconds");
    app.add_option("--count", raw.count, "Stop after exactly that many records");
    app.add_flag("--no-initial", raw.no_initial, "Do not print what was open already");
    app.add_option("-o,--output", raw.output,
                   "Append the records to a file instead of standard output");
    app.add_flag("-l,--long", raw.long_format, "Text: add COMM[PID] and FD columns");
    app.add_flag("--no-long", raw.no_long, "Text: never add them");
    app.add_option("--time", raw.time, "iso, unix, start (since the watch began) or delta [iso]");
    app.add_option("--color", raw.color, "auto, always or never [auto]");
    app.add_flag("-q,--quiet", options.quiet, "No notices on standard error");
    app.add_option("--dns-wait", raw.dns_wait,
                   "The longest a record waits for a host name [250ms; 2s with --once]");
    app.add_option("--dns-server", raw.dns_servers,
                   "Ask these servers instead of the system's: ADDR[:PORT][,...]");
    app.add_option("--proc", options.proc, "Where procfs is mounted [/proc]");
    app.footer(kFooter);
}

/// CLI11 takes a negative number for a cluster of flags, and versions of it differ about `--`.
void check_words(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--") refuse("starting a command (--) is not built yet; give a PID");
        if (word.size() > 1 && word[0] == '-' && word != "-1" && all_digits(word.substr(1)))
            refuse("'{}' is not a PID: a PID is a positive number", word);
    }
}

std::variant<Options, ExitStatus> parse(int argc, const char* const* argv, std::ostream& out) {
    Options options;
    RawOptions raw;
    CLI::App app("See every file and socket a process opens and closes, as it happens.", "logfia");
    declare(app, options, raw);
    try {
        check_words(argc, argv);
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        out << app.help() << '\n';
        return ExitStatus::success;
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
    if (raw.version) {
        out << "logfia " LOGFIA_VERSION "\n";
        return ExitStatus::success;
    }
    understand(options, raw);
    return options;
}

}  // namespace

std::optional<Duration> parse_time(const std::string& text, BareUnit bare) {
    struct Unit {
        const char* name;
        double seconds;
    };
    const bool short_times = bare == BareUnit::milliseconds;
    const std::vector<Unit> units =
        short_times ? std::vector<Unit>{{"", 1e-3}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}}
                    : std::vector<Unit>{{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    double value = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + end, value);
    if (error != std::errc{} || last != text.data() + end) return std::nullopt;
    for (const Unit& unit : units) {
        if (text.substr(end) != unit.name) continue;
        constexpr double kYear = 365.0 * 24 * 3600;
        const double seconds = value * unit.seconds;
        if (seconds > kYear) return std::nullopt;
        return Duration(std::llround(seconds * 1e9));
    }
    return std::nullopt;
}

std::variant<Options, ExitStatus> parse_options(int argc, const char* const* argv,
                                                std::ostream& out, std::ostream& err) {
    try {
        return parse(argc, argv, out);
    } catch (const UsageError& error) {
        err << "logfia: " << error.what() << "\nlogfia: 'logfia --help' lists the options\n";
        return ExitStatus::usage;
    }
}

}  // namespace logfia
