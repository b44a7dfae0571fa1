#include <logfia/app/check_options.hpp>
#include <logfia/app/usage_error.hpp>

#include <algorithm>
#include <chrono>

namespace logfia {
namespace {

constexpr std::string_view kPid = "a PID";
constexpr std::string_view kCommand = "a COMMAND";

struct Conflict {
    std::string_view one;
    std::string_view other;
    const char* message = nullptr;  ///< null: the message says that the two cannot be used together
};

/// Only the first conflict is reported.
constexpr Conflict kConflicts[] = {
    {kPid, kCommand},
    {"--name", kCommand},
    {"--all", kCommand},
    {"--once", kCommand,
     "--once takes one look at what is running already: give a PID, not a COMMAND"},
    {"--user", kCommand, "--user makes no sense with a COMMAND"},
    {"--exact", "--interval",
     "--interval makes no sense with --exact: the kernel tells each change as it happens, and "
     "there "
     "are no looks"},
    {"--exact", "--proc",
     "--proc makes no sense with --exact: a COMMAND that logfia starts is found in /proc"},
    {"--all", kPid},
    {"--all", "--name"},
    {"--once", "--duration", "--once takes a single look: --duration makes no sense with it"},
    {"--once", "--no-initial",
     "--once prints what is open already: --no-initial would leave nothing"},
    {"--once", "--leaks", "--once takes a single look: --leaks needs a watch from start to end"},
    {"--summary", "--summary-only"},
    {"--long", "--no-long"},
    {"--long", "--json", "--long makes no sense with --json: JSON always has all keys"},
    {"--no-long", "--json", "--no-long makes no sense with --json: JSON always has all keys"},
};

void check_conflicts(const GivenOptions& given) {
    for (const Conflict& conflict : kConflicts) {
        if (!given.contains(conflict.one) || !given.contains(conflict.other)) continue;
        if (conflict.message != nullptr) throw_usage_error("{}", conflict.message);
        throw_usage_error("{} and {} cannot be used together", conflict.one, conflict.other);
    }
}

void check_exact(const Options& options) {
    if (!options.exact) return;
    if (options.command.empty())
        throw_usage_error(
            "--exact needs a COMMAND to start: exact watching of running processes needs BPF, "
            "which is not built in yet");
    // A hangup is the peer's doing, so no call of the COMMAND tells it. `all` means all that a
    // source has.
    if (options.filter.named_events.contains(EventKind::hangup))
        throw_usage_error(
            "--event: there is no hangup with --exact, which sees what the COMMAND does, not what "
            "its peers do; watch without --exact");
}

/// True when some `close` of a TCP connection will be shown with its totals.
bool shows_totals(const Options& options) {
    const FilterOptions& filter = options.filter;
    if (options.poller.single_look || options.summary == SummaryWhen::only) return false;
    if (!options.json && !options.long_format) return false;
    if (!filter.tells(EventKind::close)) return false;
    return !filter.types || filter.types->contains(FdType::tcp) ||
           filter.types->contains(FdType::tcp6);
}

/// True for a type that only the file itself tells, not the text of its link.
bool may_be_a_path(FdType type) {
    return is_in(type, FdGroup::path) || type == FdType::name_space;
}

/// True when records will be chosen, counted or judged by what their path is.
bool chooses_by_type(const Options& options) {
    if (options.filter.real_files_only || options.leaks || options.summary != SummaryWhen::never)
        return true;
    const auto& types = options.filter.types;
    const auto rows = fd_types();
    return types && std::any_of(rows.begin(), rows.end(), [&](const FdTypeRow& row) {
               return types->contains(row.type) && may_be_a_path(row.type);
           });
}

WantedFacts wanted_facts(const Options& options) {
    const bool shows_records = options.summary != SummaryWhen::only;
    WantedFacts facts;
    facts.details = options.json && shows_records;
    // A pipe that a process has with itself is told by its two ends.
    facts.access = facts.details || options.leaks || (options.long_format && shows_records);
    // A later look has to tell a file under a new name from another file. An exact watch compares
    // nothing: the kernel tells what has changed.
    facts.identity = !options.poller.single_look && !options.exact;
    facts.types = facts.details || facts.identity || chooses_by_type(options);
    return facts;
}

/// True when a `hangup` will be shown, or counted among leaks. An exact watch has none.
bool wants_hangups(const Options& options) {
    if (options.exact) return false;
    return options.leaks || options.filter.tells(EventKind::hangup);
}

}  // namespace

void check_options(const Options& options, const GivenOptions& given) {
    check_conflicts(given);
    check_exact(options);
    if (options.processes.user && !options.processes.by_name())
        throw_usage_error("--user makes sense only with --name or --all");
    if (options.processes.pids.empty() && !options.processes.by_name() && options.command.empty())
        throw_usage_error("no process: give a PID, --name PATTERN, --all, or -- COMMAND");
    if (!options.processes.not_names.empty() && !options.processes.by_name() &&
        !options.processes.follow)
        throw_usage_error("--not-name makes sense only with --name, --all or --follow");
    const FilterOptions& filter = options.filter;
    if (options.poller.single_look && !filter.tells(EventKind::open) &&
        !filter.tells(EventKind::start))
        throw_usage_error(
            "--once prints what is open already: --event without open would leave nothing");
    if (options.json && options.color == ColorWhen::always)
        throw_usage_error("--color makes no sense with --json");
    if (filter.real_files_only && filter.types && !filter.types->contains(FdType::file) &&
        !filter.types->contains(FdType::directory))
        throw_usage_error(
            "--real-files keeps only the types file and directory, and --type names neither");
    if (given.contains("--leak-min") && !options.leaks)
        throw_usage_error("--leak-min makes no sense without --leaks");
}

void complete_options(Options& options, const GivenOptions& given) {
    WantedProcesses& processes = options.processes;
    const bool has_command = !options.command.empty();
    if (has_command && !given.contains("--interval"))
        options.poller.interval = std::chrono::milliseconds(1);
    if (options.poller.single_look && !given.contains("--dns-wait"))
        options.dns_wait = std::chrono::seconds(2);
    const bool many = processes.by_name() || processes.follow || processes.pids.size() > 1;
    if (many && !given.contains("--no-long")) options.long_format = true;
    options.filter.hosts = !options.numeric;

    processes.waits = !options.poller.single_look;
    processes.orphans_are_ours = has_command;
    options.poller.facts = wanted_facts(options);
    options.poller.socket_details = !options.filter.real_files_only;
    options.poller.limits = options.leaks;
    options.poller.totals = shows_totals(options);
    options.poller.targets = options.json;
    options.poller.hangups = wants_hangups(options);
    for (const EventKind kind : {EventKind::start, EventKind::exec, EventKind::exit})
        if (options.filter.tells(kind)) options.poller.process_events.add(kind);
    // What is remembered of a process goes with its end.
    if (options.leaks) options.poller.process_events.add(EventKind::exit);
}

}  // namespace logfia
