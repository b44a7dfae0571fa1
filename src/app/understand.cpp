#include <logfia/app/raw_options.hpp>
#include <logfia/net/dns_servers.hpp>
#include <logfia/process/user.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace logfia {
namespace {

template <class Visit>
void for_each_word(const std::vector<std::string>& lists, Visit visit) {
    for (const std::string& list : lists) {
        std::size_t at = 0;
        while (at <= list.size()) {
            const std::size_t comma = std::min(list.find(',', at), list.size());
            visit(list.substr(at, comma - at));
            at = comma + 1;
        }
    }
}

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
        if (word.empty()) refuse("'' is an empty word: give a PID, as ps and pgrep show it");
        if (is_path(word))
            refuse("'{}' is a path, and processes are watched: give a PID, or -- {} starts it",
                   word, word);
        if (!all_digits(word))
            refuse("'{}' is neither a PID nor a path; --name {} watches by name, -- {} starts it",
                   word, word, word);
        add_pid(options.pids, word);
    }
    for_each_word(raw.pid_lists, [&](const std::string& word) { add_pid(options.pids, word); });
}

Duration understand_duration(const std::string& text) {
    const auto time = parse_time(text, BareUnit::seconds);
    if (!time || *time <= Duration::zero())
        refuse("--duration: '{}' is not a time longer than 0; write 10 (seconds), 500ms, 5m or 1h",
               text);
    return *time;
}

/// 0 means looks back to back.
Duration understand_interval(const std::string& text) {
    const auto time = parse_time(text, BareUnit::milliseconds);
    if (!time)
        refuse("--interval: '{}' is not a time; write 100 (milliseconds), 250us, 10ms, 2s or 0",
               text);
    return *time;
}

void understand_times(Options& options, const RawOptions& raw) {
    if (raw.command) options.interval = std::chrono::milliseconds(1);
    if (raw.interval) options.interval = understand_interval(*raw.interval);
    if (raw.duration) options.duration = understand_duration(*raw.duration);
    options.dns_wait =
        options.once ? Duration(std::chrono::seconds(2)) : std::chrono::milliseconds(250);
    if (!raw.dns_wait) return;
    const auto wait = parse_time(*raw.dns_wait, BareUnit::milliseconds);
    if (!wait)
        refuse("--dns-wait: '{}' is not a time; write 250 (milliseconds), 10ms, 2s or 0",
               *raw.dns_wait);
    options.dns_wait = *wait;
}

std::uint64_t positive_number(const char* flag, const std::string& text, const char* of_what) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || last != end || number == 0)
        refuse("{}: '{}' is not a number of {}; write 1 or more", flag, text, of_what);
    return number;
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

/// The names of all rows that may be written, for a message.
template <class Rows, class IsMeant>
std::string names_of(const Rows& rows, IsMeant is_meant) {
    std::vector<std::string_view> names;
    for (const auto& row : rows)
        if (!row.name.empty() && is_meant(row)) names.push_back(row.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

void understand_filter(FilterOptions& filter, const RawOptions& raw) {
    filter.real_files_only = raw.real_files;
    filter.initial = !raw.no_initial;
    filter.hosts = !raw.numeric;
    for_each_word(raw.types, [&](const std::string& word) {
        const auto types = types_named(word);
        if (!types)
            refuse("--type: '{}' is not a type; write {}, inet or socket", word,
                   names_of(fd_types(), [](const FdTypeRow&) { return true; }));
        if (!filter.types) filter.types.emplace();
        filter.types->add(*types);
    });
    for_each_word(raw.events, [&](const std::string& word) {
        const auto kind = event_named(word, Subject::descriptor);
        if (!kind)
            refuse("--event: '{}' is not an event; write {}", word,
                   names_of(event_kinds(), [](const EventKindRow& row) {
                       return row.is_told_of(Subject::descriptor);
                   }));
        if (!filter.events) filter.events.emplace();
        filter.events->add(*kind);
    });
    for (const std::string& pattern : raw.include) {
        if (pattern.empty()) refuse("--include: the pattern is empty");
        filter.include.emplace_back(pattern);
    }
    for (const std::string& pattern : raw.exclude) {
        if (pattern.empty()) refuse("--exclude: the pattern is empty");
        filter.exclude.emplace_back(pattern);
    }
}

/// The kernel's name of a process has no directory, and a pattern with one would match nothing.
void understand_names(Options& options, const RawOptions& raw) {
    for (const std::string& pattern : raw.names) {
        if (pattern.empty()) refuse("--name: the pattern is empty");
        if (pattern.find('/') != std::string::npos)
            refuse("--name: '{}' has a '/': the name of a command is matched, not its path",
                   pattern);
    }
    options.names = raw.names;
}

std::optional<uid_t> understand_user(const RawOptions& raw) {
    if (!raw.user) return std::nullopt;
    const auto uid = user_named(*raw.user);
    if (!uid) refuse("--user: there is no user '{}'", *raw.user);
    return uid;
}

void understand_end(Options& options, const RawOptions& raw) {
    if (raw.summary && raw.summary_only) refuse("--summary and --summary-only exclude each other");
    if (raw.summary) options.summary = SummaryWhen::after;
    if (raw.summary_only) options.summary = SummaryWhen::only;
    options.leaks = raw.leaks;
    if (!raw.leak_min) return;
    if (!raw.leaks) refuse("--leak-min has no sense without --leaks");
    options.leak_min = positive_number("--leak-min", *raw.leak_min, "descriptors");
}

/// Which processes: by their PIDs and names, all, or a command.
void check_processes(const Options& options) {
    const bool by_name = options.all || !options.names.empty();
    if (!options.command.empty()) {
        if (!options.pids.empty()) refuse("a PID and a COMMAND exclude each other");
        if (!options.names.empty()) refuse("--name and a COMMAND exclude each other");
        if (options.all) refuse("--all and a COMMAND exclude each other");
        if (options.once) refuse("--once is one look at what runs already: give a PID, no COMMAND");
        if (options.user) refuse("--user has no sense with a COMMAND");
        return;
    }
    if (options.all && !options.pids.empty()) refuse("--all and a PID exclude each other");
    if (options.all && !options.names.empty()) refuse("--all and --name exclude each other");
    if (options.user && !by_name) refuse("--user has a sense only with --name or --all");
    if (options.pids.empty() && !by_name)
        refuse("no process: give a PID, --name PATTERN, --all, or -- COMMAND");
}

void check_once(const Options& options) {
    if (!options.once) return;
    if (options.duration) refuse("--once looks a single time: --duration has no sense with it");
    if (!options.filter.initial)
        refuse("--once prints what is open already: --no-initial would leave nothing");
    if (options.leaks)
        refuse("--once looks a single time: --leaks needs a watch from start to end");
    const EventKind first = EventKind::open;
    if (options.filter.events && !options.filter.events->contains(first))
        refuse("--once prints what is open already: --event without open would leave nothing");
}

void check_together(const Options& options, const RawOptions& raw) {
    check_processes(options);
    check_once(options);
    if (raw.long_format && raw.no_long) refuse("--long and --no-long exclude each other");
    if (raw.json && (raw.long_format || raw.no_long))
        refuse("{} has no sense with --json: JSON always has all keys",
               raw.long_format ? "--long" : "--no-long");
    if (raw.json && raw.color == "always") refuse("--color has no sense with --json");
    const auto& filter = options.filter;
    if (filter.real_files_only && filter.types && !filter.types->contains(FdType::file) &&
        !filter.types->contains(FdType::directory))
        refuse("--real-files leaves only the types file and directory, --type neither of them");
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

Options understand(const RawOptions& raw) {
    Options options;
    options.command = raw.command.value_or(std::vector<std::string>{});
    if (raw.command && raw.command->empty()) refuse("no COMMAND stands behind --");
    options.all = raw.all;
    options.follow = raw.follow;
    options.json = raw.json;
    options.numeric = raw.numeric;
    options.no_dup = raw.no_dup;
    options.once = raw.once;
    options.quiet = raw.quiet;
    options.proc = raw.proc;
    add_pids(options, raw);
    understand_names(options, raw);
    options.user = understand_user(raw);
    understand_times(options, raw);
    if (raw.count) options.count = positive_number("--count", *raw.count, "records");
    understand_filter(options.filter, raw);
    understand_end(options, raw);
    if (raw.output && raw.output->empty()) refuse("--output: the name of the file is empty");
    options.output = raw.output.value_or("");
    options.time = time_style(raw.time);
    options.color = color_when(raw.color);
    check_together(options, raw);
    const bool many =
        options.all || options.follow || !options.names.empty() || options.pids.size() > 1;
    options.long_format = raw.long_format || (many && !raw.no_long);
    if (raw.dns_servers) {
        const auto servers = parse_dns_servers(*raw.dns_servers);
        if (!servers) refuse("{}", describe(servers.error()));
        options.dns_servers = *servers;
    }
    return options;
}

}  // namespace logfia
