#include <logfia/app/option_values.hpp>
#include <logfia/app/usage_error.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/fields.hpp>
#include <logfia/base/parse_time.hpp>
#include <logfia/net/dns_servers.hpp>
#include <logfia/process/user.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace logfia {
namespace {

template <class Visit>
void for_each_word(const std::string& list, Visit visit) {
    std::size_t at = 0;
    while (at <= list.size()) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        visit(list.substr(at, comma - at));
        at = comma + 1;
    }
}

bool all_digits(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void add_pid(std::vector<pid_t>& pids, const std::string& text) {
    const auto pid = parse_number<pid_t>(text);
    if (!pid || *pid <= 0)
        throw_usage_error("'{}' is not a PID: a PID is a number from 1 to {}", text,
                          std::numeric_limits<pid_t>::max());
    if (std::find(pids.begin(), pids.end(), *pid) == pids.end()) pids.push_back(*pid);
}

bool is_path(const std::string& word) {
    return word.find('/') != std::string::npos || word == "." || word == "..";
}

/// The names of all rows that may be written, for a message.
template <class Rows, class IsMeant>
std::string names_of(const Rows& rows, IsMeant is_meant) {
    std::vector<std::string_view> names;
    for (const auto& row : rows)
        if (!row.name.empty() && is_meant(row)) names.push_back(row.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void add_pid_word(std::vector<pid_t>& pids, const std::string& word) {
    if (word.empty())
        throw_usage_error("an empty word is not a PID: give a number, as ps and pgrep show it");
    if (is_path(word))
        throw_usage_error(
            "'{}' is a path, but logfia watches processes: give a PID, or -- {} to start it", word,
            word);
    if (!all_digits(word))
        throw_usage_error(
            "'{}' is neither a PID nor a path; --name {} watches by name, -- {} starts it", word,
            word, word);
    add_pid(pids, word);
}

void add_pid_list(std::vector<pid_t>& pids, const std::string& list) {
    for_each_word(list, [&](const std::string& word) { add_pid(pids, word); });
}

void add_name_pattern(std::vector<std::string>& names, const char* flag,
                      const std::string& pattern) {
    if (pattern.empty()) throw_usage_error("{}: the pattern is empty", flag);
    // The kernel's name of a process has no directory: such a pattern would match nothing.
    if (pattern.find('/') != std::string::npos)
        throw_usage_error(
            "{}: '{}' has a '/': the pattern is compared with a command's name, not its path", flag,
            pattern);
    names.push_back(pattern);
}

uid_t parse_user(const std::string& user) {
    const auto uid = user_named(user);
    if (!uid) throw_usage_error("--user: there is no user '{}'", user);
    return *uid;
}

void add_types(FilterOptions& filter, const std::string& list) {
    for_each_word(list, [&](const std::string& word) {
        const auto types = types_named(word);
        if (!types)
            throw_usage_error("--type: '{}' is not a type; write {}, inet or socket", word,
                              names_of(fd_types(), [](const FdTypeRow&) { return true; }));
        if (!filter.types) filter.types.emplace();
        filter.types->add(*types);
    });
}

void add_events(FilterOptions& filter, const std::string& list) {
    for_each_word(list, [&](const std::string& word) {
        const bool adds = word.starts_with('+');
        const std::string name = adds ? word.substr(1) : word;
        const auto events = events_named(name);
        if (!events)
            throw_usage_error("--event: there is no event '{}'; write {} or all", word,
                              names_of(event_kinds(), is_of_processes));
        if (!adds && !filter.events) filter.events.emplace();
        (adds ? filter.more_events : *filter.events).add(*events);
        if (name != "all") filter.named_events.add(*events);
    });
}

void add_pattern(std::vector<Glob>& patterns, const char* flag, const std::string& pattern) {
    if (pattern.empty()) throw_usage_error("{}: the pattern is empty", flag);
    patterns.emplace_back(pattern);
}

Interval parse_interval(const std::string& text) {
    const auto time = parse_time(text, BareUnit::milliseconds);
    if (!time)
        throw_usage_error(
            "--interval: '{}' is not a time; write 100 (milliseconds), 250us, 10ms, 2s or 0", text);
    return *time;
}

Duration parse_duration(const std::string& text) {
    const auto time = parse_time(text, BareUnit::seconds);
    if (!time)
        throw_usage_error("--duration: '{}' is not a time; write 10 (seconds), 500ms, 5m or 1h",
                          text);
    if (*time <= Duration::zero())
        throw_usage_error(
            "--duration: '{}' must be longer than 0; write 10 (seconds), 500ms, 5m or 1h", text);
    return *time;
}

Duration parse_dns_wait(const std::string& text) {
    const auto wait = parse_time(text, BareUnit::milliseconds);
    if (!wait)
        throw_usage_error("--dns-wait: '{}' is not a time; write 250 (milliseconds), 10ms, 2s or 0",
                          text);
    return *wait;
}

std::vector<Endpoint> parse_dns_server_list(const std::string& list) {
    const auto servers = parse_dns_servers(list);
    if (!servers) throw_usage_error("{}", describe(servers.error()));
    return *servers;
}

std::uint64_t parse_positive(const char* flag, const std::string& text, const char* of_what) {
    const auto number = parse_number<std::uint64_t>(text);
    if (!number || *number == 0)
        throw_usage_error("{}: '{}' is not a number of {}; write 1 or more", flag, text, of_what);
    return *number;
}

std::string parse_output(const std::string& file) {
    if (file.empty()) throw_usage_error("--output: the name of the file is empty");
    return file == "-" ? std::string() : file;
}

std::string parse_proc(const std::string& dir) {
    if (dir.empty()) throw_usage_error("--proc: the name of the directory is empty");
    return dir;
}

TimeStyle parse_time_style(const std::string& text) {
    if (text == "iso") return TimeStyle::iso;
    if (text == "unix") return TimeStyle::unix;
    if (text == "start") return TimeStyle::start;
    if (text == "delta") return TimeStyle::delta;
    throw_usage_error("--time: '{}' is not a style; write iso, unix, start or delta", text);
}

ColorWhen parse_color(const std::string& text) {
    if (text == "auto") return ColorWhen::automatic;
    if (text == "always") return ColorWhen::always;
    if (text == "never") return ColorWhen::never;
    throw_usage_error("--color: '{}' is not one of auto, always and never", text);
}

}  // namespace logfia
