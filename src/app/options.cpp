#include <logfia/app/check_options.hpp>
#include <logfia/app/option_values.hpp>
#include <logfia/app/options.hpp>
#include <logfia/app/usage_error.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/escape.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>

namespace logfia {
namespace {

constexpr const char* kDescription =
    "See every file and socket a process opens and closes, as it happens.\n"
    "  logfia [OPTIONS] PID...\n"
    "  logfia [OPTIONS] --name PATTERN | --all\n"
    "  logfia [OPTIONS] -- COMMAND [ARG...]";
constexpr const char* kFooter =
    "Examples:\n"
    "  logfia 4711                        what process 4711 opens and closes\n"
    "  logfia -f -- make                  what make and all its children do\n"
    "  logfia --name 'nginx*' -t inet     whom all nginx processes talk to, later ones too\n"
    "  logfia -X -f -r -- make            every file of make and its children, however short\n"
    "  logfia --leaks -- ./test           status 3 when descriptors are left open\n"
    "  logfia -n -1 -j 4711 | jq .name    what is open now, as JSON, without host names\n"
    "A TIME may have a unit (250us, 10ms, 2s). Records go to standard output, notices to standard "
    "error.\n"
    "Exit status: 0 the processes ended or logfia was told to stop, 1 something failed,\n"
    "2 the command line is wrong, 3 --leaks found a leak. A COMMAND's own status comes first;\n"
    "126 means that the COMMAND could not be run, 127 that it was not found.";

using Text = const std::string&;

/// The occurrences of an option that count. With `last`, an alias can be overruled.
enum class Counts { last, all };

/// An option: how it is written, and where its value goes.
struct OptionRow {
    const char* names;  // "-d,--interval": as CLI11 takes them
    const char* value;  // the word for its value in --help; null: a flag
    const char* help;
    // Throws UsageError. Null: all that matters is that the option was given.
    void (*store)(Options& options, Text value);
    Counts counts = Counts::last;
};

constexpr OptionRow kProcesses[] = {
    {"PID", "", "The processes to watch",
     [](Options& o, Text word) { add_pid_word(o.processes.pids, word); }, Counts::all},
    {"-p,--pid", "LIST", "The processes to watch, as a list: PID[,PID...]; repeatable",
     [](Options& o, Text list) { add_pid_list(o.processes.pids, list); }, Counts::all},
    {"--name", "PATTERN",
     "Watch processes whose name matches this shell pattern, later ones too; repeatable",
     [](Options& o, Text name) { add_name_pattern(o.processes.names, "--name", name); },
     Counts::all},
    {"--not-name", "PATTERN",
     "With --name, --all or --follow: leave out programs of this name; repeatable",
     [](Options& o, Text name) { add_name_pattern(o.processes.not_names, "--not-name", name); },
     Counts::all},
    {"-a,--all", nullptr, "Watch every process that you may look into",
     [](Options& o, Text) { o.processes.all = true; }},
    {"-u,--user", "USER", "With --name or --all: only processes of this user",
     [](Options& o, Text user) { o.processes.user = parse_user(user); }},
    {"-f,--follow", nullptr, "Watch all descendants of these processes too",
     [](Options& o, Text) { o.processes.follow = true; }},
    {"--proc", "DIR", "Where procfs is mounted [/proc]",
     [](Options& o, Text dir) { o.proc = parse_proc(dir); }},
    {"--no-dup", nullptr, "Never duplicate a socket to query it: read only the kernel's tables",
     [](Options& o, Text) { o.poller.copies = false; }},
};

constexpr OptionRow kLooks[] = {
    {"-d,--interval", "TIME",
     "Time between two looks (0: no pause); a bare number is milliseconds [100; 1 with a "
     "COMMAND]",
     [](Options& o, Text time) { o.poller.interval = parse_interval(time); }},
    {"-X,--exact", nullptr,
     "With a COMMAND: miss nothing, however short; slows the COMMAND down, and it can notice",
     [](Options& o, Text) { o.exact = true; }},
    {"-1,--once", nullptr, "Print what is open now, then exit",
     [](Options& o, Text) { o.poller.single_look = true; }},
    {"--duration", "TIME", "Stop after this time; a bare number is seconds",
     [](Options& o, Text time) { o.duration = parse_duration(time); }},
    {"--count", "N", "Stop after exactly N records",
     [](Options& o, Text n) { o.count = parse_positive("--count", n, "records"); }},
};

constexpr OptionRow kFilters[] = {
    {"-r,--real-files", nullptr, "Only files and directories: no pipes, sockets, devices",
     [](Options& o, Text) { o.filter.real_files_only = true; }},
    {"-t,--type", "LIST", "Only these types: file,tcp,...; inet and socket are groups; repeatable",
     [](Options& o, Text list) { add_types(o.filter, list); }, Counts::all},
    {"-e,--event", "LIST",
     "Only these events: open,close,...; +exec adds to the usual ones; all: every event; "
     "repeatable",
     [](Options& o, Text list) { add_events(o.filter, list); }, Counts::all},
    {"-i,--include", "GLOB", "Only names (or peers) that match this shell pattern; repeatable",
     [](Options& o, Text glob) { add_pattern(o.filter.include, "--include", glob); }, Counts::all},
    {"-x,--exclude", "GLOB", "Leave out names (or peers) that match this shell pattern; repeatable",
     [](Options& o, Text glob) { add_pattern(o.filter.exclude, "--exclude", glob); }, Counts::all},
    {"--inherited", nullptr, "Also print what a child inherits from its parent",
     [](Options& o, Text) { o.filter.inherited = true; }},
    {"--no-initial", nullptr, "Do not print what was open already",
     [](Options& o, Text) { o.filter.initial = false; }},
};

constexpr OptionRow kWriting[] = {
    {"-j,--json", nullptr, "Write JSON Lines", [](Options& o, Text) { o.json = true; }},
    {"-o,--output", "FILE", "Append the records to a file instead of standard output",
     [](Options& o, Text file) { o.output = parse_output(file); }},
    {"-l,--long", nullptr, "Text: add the columns COMM[PID] and FD [with several processes]",
     [](Options& o, Text) { o.long_format = true; }},
    {"--no-long", nullptr, "Text: never add the columns COMM[PID] and FD", nullptr},
    {"--time", "STYLE",
     "How times are written: iso, unix, start (since the watch began) or delta [iso]",
     [](Options& o, Text style) { o.time = parse_time_style(style); }},
    {"--utc", nullptr, "Write times in UTC instead of the local time zone",
     [](Options& o, Text) { o.zone = Zone::utc; }},
    {"--color", "WHEN", "When to use colours: auto, always or never [auto]",
     [](Options& o, Text when) { o.color = parse_color(when); }},
    {"-c,--summary-only", nullptr, "Print a table at the end instead of the records",
     [](Options& o, Text) { o.summary = SummaryWhen::only; }},
    {"-C,--summary", nullptr, "Print a table on standard error, after the records",
     [](Options& o, Text) { o.summary = SummaryWhen::after; }},
    {"--leaks", nullptr,
     "At the end, list what was opened and left open; status 3 if there is a leak",
     [](Options& o, Text) { o.leaks = true; }},
    {"--leak-min", "N", "How many descriptors alike make a leak [10]",
     [](Options& o, Text n) { o.leak_min = parse_positive("--leak-min", n, "descriptors"); }},
    {"-q,--quiet", nullptr, "Print no notices on standard error",
     [](Options& o, Text) { o.quiet = true; }},
};

constexpr OptionRow kHostNames[] = {
    {"-n,--numeric", nullptr, "Do not look up host names",
     [](Options& o, Text) { o.numeric = true; }},
    {"--dns-wait", "TIME", "How long a record may wait for a host name [250ms; 2s with --once]",
     [](Options& o, Text time) { o.dns_wait = parse_dns_wait(time); }},
    {"--dns-server", "ADDR", "Ask these name servers instead of the system's: ADDR[:PORT][,...]",
     [](Options& o, Text list) { o.dns_servers = parse_dns_server_list(list); }},
};

struct OptionGroup {
    const char* title;
    std::span<const OptionRow> rows;
};

constexpr OptionGroup kGroups[] = {
    {"Which processes", kProcesses}, {"How long, and how often", kLooks},
    {"Which records", kFilters},     {"What is written", kWriting},
    {"Host names", kHostNames},
};

/// An option as declared to CLI11, which is asked for the values after parsing.
struct DeclaredOption {
    const OptionRow* row;
    const CLI::Option* option;
};

CLI::Option* declare(CLI::App& app, const OptionRow& row) {
    const std::string help = row.help;
    if (row.value == nullptr) return app.add_flag(row.names, help);
    CLI::Option* const option = app.add_option(row.names, help)->type_name(row.value);
    if (row.counts == Counts::last) return option->take_last();
    // A repeatable option takes one value each time that it is given.
    return option->expected(1, -1)->allow_extra_args(option->get_positional());
}

std::vector<DeclaredOption> declare_all(CLI::App& app) {
    std::vector<DeclaredOption> declared;
    for (const OptionGroup& group : kGroups) {
        for (const OptionRow& row : group.rows) {
            CLI::Option* const option = declare(app, row);
            option->group(group.title);
            declared.push_back({&row, option});
        }
    }
    app.footer(kFooter);
    return declared;
}

/// `--interval` of `-d,--interval`.
std::string_view long_name(const OptionRow& row) {
    const std::string_view names = row.names;
    return names.substr(names.find(',') + 1);
}

void store_values(Options& options, GivenOptions& given, const DeclaredOption& declared) {
    const OptionRow& row = *declared.row;
    const CLI::Option& option = *declared.option;
    // A flag may be switched off again: --json=false.
    if (option.count() == 0 || (row.value == nullptr && !option.as<bool>())) return;
    given.insert(long_name(row));
    if (row.store == nullptr) return;
    const std::vector<std::string>& values = option.results();
    const auto first = row.counts == Counts::all ? values.begin() : values.end() - 1;
    std::for_each(first, values.end(), [&](Text value) { row.store(options, value); });
}

/// The option of that name, `--pid` or `-p`; null when there is none.
const CLI::Option* option_named(const CLI::App& app, std::string_view name) {
    return app.get_option_no_throw(std::string(name));
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

/// True when `word` ends in an option whose value is the next word, whatever that looks like.
bool takes_next_word(const CLI::App& app, std::string_view word) {
    if (word.starts_with("--")) {
        const CLI::Option* option = option_named(app, word);
        return option != nullptr && takes_value(*option);
    }
    if (!word.starts_with('-')) return false;
    // A cluster: flags, and perhaps an option whose value is the rest of the word.
    for (std::size_t at = 1; at < word.size(); ++at) {
        const CLI::Option* option = option_named(app, std::string{'-', word[at]});
        if (option == nullptr) return false;
        if (takes_value(*option)) return at + 1 == word.size();
    }
    return false;
}

/// Refuses `--option=`, for which CLI11 would take the next word as the value, and `--flag=3`,
/// whose value CLI11 would take for true.
void refuse_wrong_value(const CLI::App& app, std::string_view word) {
    const std::size_t equals = word.find('=');
    if (!word.starts_with("--") || equals == std::string_view::npos) return;
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    const CLI::Option* option = option_named(app, name);
    if (option == nullptr) return;
    if (takes_value(*option)) {
        if (!value.empty()) return;
        throw_usage_error("{}: the value is missing; write {}{}", word, word,
                          option->get_type_name());
    }
    if (value != "true" && value != "false")
        throw_usage_error("{}: this option takes no value; write {}", word, name);
}

/// Refuses a negative number, which CLI11 would take for a cluster of flags.
void refuse_negative_number(std::string_view word) {
    if (word.size() > 1 && word[0] == '-' && word != "-1" &&
        word.find_first_not_of("0123456789", 1) == std::string_view::npos)
        throw_usage_error("'{}' is not a PID: a PID is a positive number", word);
}

bool is_option(const CLI::App& app, std::string_view word) {
    if (word.starts_with("--")) return option_named(app, word.substr(0, word.find('='))) != nullptr;
    for (std::size_t at = 1; at < word.size(); ++at) {
        const CLI::Option* option = option_named(app, std::string{'-', word[at]});
        if (option == nullptr || takes_value(*option)) return option != nullptr;
    }
    return true;
}

/// Refuses words that CLI11 would understand differently.
void check_words(const CLI::App& app, int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        refuse_wrong_value(app, word);
        refuse_negative_number(word);
        if (word.starts_with('-') && !is_option(app, word))
            throw_usage_error("there is no option '{}'", word);
        if (!takes_next_word(app, word)) continue;
        if (++i == argc) throw_usage_error("{}: the value is missing", word);
    }
}

void store_command(Options& options, GivenOptions& given, const char* const* begin,
                   const char* const* end) {
    if (begin == end) throw_usage_error("no COMMAND follows --");
    options.command.assign(begin, end);
    given.insert("a COMMAND");
}

std::variant<Options, ExitStatus> parse(int argc, const char* const* argv, std::ostream& out) {
    // Versions of CLI11 treat `--` differently, so CLI11 never sees it.
    const char* const* const end = argv + argc;
    const char* const* const dashes =
        std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
    argc = static_cast<int>(dashes - argv);

    CLI::App app(kDescription, "logfia");
    app.set_help_flag("-h,--help", "Print this help and exit");
    bool version = false;
    app.add_flag("-V,--version", version, "Print the version and exit");
    const std::vector<DeclaredOption> declared = declare_all(app);
    Options options;
    GivenOptions given;
    try {
        check_words(app, argc, argv);
        app.parse(argc, argv);
        if (version) {
            out << "logfia " LOGFIA_VERSION "\n";
            return ExitStatus::success;
        }
        if (dashes != end) store_command(options, given, dashes + 1, end);
        for (const DeclaredOption& option : declared) store_values(options, given, option);
    } catch (const CLI::CallForHelp&) {
        out << app.help() << '\n';
        return ExitStatus::success;
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
    if (!options.processes.pids.empty()) given.insert("a PID");
    check_options(options, given);
    complete_options(options, given);
    return options;
}

}  // namespace

std::variant<Options, ExitStatus> parse_options(int argc, const char* const* argv,
                                                std::ostream& out, std::ostream& err) {
    std::string message;
    ExitStatus status = ExitStatus::failure;
    try {
        auto parsed = parse(argc, argv, out);
        if (out.flush()) return parsed;
        append_message(message, describe(Error{"write to", "standard output", errno, {}}));
    } catch (const UsageError& error) {
        append_message(message, error.what());
        append_message(message, "'logfia --help' lists the options");
        status = ExitStatus::usage;
    }
    err << message;
    return status;
}

}  // namespace logfia
