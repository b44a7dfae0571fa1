#include <logfia/app/raw_options.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/escape.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <string>

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
    "  logfia --name 'nginx*' -t inet     whom these talk to, those that start later too\n"
    "  logfia --leaks -- ./test           status 3 when descriptors are left open\n"
    "  logfia -n -1 -j 4711 | jq .name    what is open now, as JSON, without host names\n"
    "Times take a unit (250us, 10ms, 2s). Records go to standard output, notices to standard "
    "error.\n"
    "Exit status: 0 the processes ended or logfia was told to stop, 1 something failed,\n"
    "2 the command line is wrong, 3 --leaks found some. A COMMAND's own status comes first;\n"
    "126 it could not be run, 127 it was not found.";

void declare_processes(CLI::App& app, RawOptions& raw) {
    constexpr const char* kGroup = "Which processes";
    app.add_option("PID", raw.words, "The processes to watch")->type_name("")->group(kGroup);
    app.add_option("-p,--pid", raw.pid_lists, "The same, as a list: PID[,PID...]; repeatable")
        ->allow_extra_args(false)
        ->type_name("LIST")
        ->group(kGroup);
    app.add_option("--name", raw.names,
                   "Those whose name matches this shell pattern, later ones too; repeatable")
        ->allow_extra_args(false)
        ->type_name("PATTERN")
        ->group(kGroup);
    app.add_flag("-a,--all", raw.all, "Every process that you may look into")->group(kGroup);
    app.add_option("-u,--user", raw.user, "With --name or --all: only this user's")
        ->type_name("USER")
        ->group(kGroup);
    app.add_flag("-f,--follow", raw.follow, "Their children, and theirs, too")->group(kGroup);
    app.add_option("--proc", raw.proc, "Where procfs is mounted [/proc]")
        ->type_name("DIR")
        ->group(kGroup);
    app.add_flag("--no-dup", raw.no_dup,
                 "Do not ask sockets by a copy, not for a microsecond: only the kernel's tables")
        ->group(kGroup);
}

void declare_looks(CLI::App& app, RawOptions& raw) {
    constexpr const char* kGroup = "How long, and how often";
    app.add_option("-d,--interval", raw.interval,
                   "Time between two looks, 0: back to back; a bare number is milliseconds [100; 1 "
                   "with a COMMAND]")
        ->type_name("TIME")
        ->group(kGroup);
    app.add_flag("-1,--once", raw.once, "Print what is open now, then exit")->group(kGroup);
    app.add_option("--duration", raw.duration, "Stop after that long; a bare number is seconds")
        ->type_name("TIME")
        ->group(kGroup);
    app.add_option("--count", raw.count, "Stop after exactly that many records")
        ->type_name("N")
        ->group(kGroup);
}

void declare_filters(CLI::App& app, RawOptions& raw) {
    constexpr const char* kGroup = "Which records";
    app.add_flag("-r,--real-files", raw.real_files,
                 "Only files and directories that live in a filesystem")
        ->group(kGroup);
    const auto list = [&](const char* flag, const char* what, std::vector<std::string>& values,
                          const char* text) {
        app.add_option(flag, values, text)->allow_extra_args(false)->type_name(what)->group(kGroup);
    };
    list("-t,--type", "LIST", raw.types,
         "Only these types: file,tcp,...; inet and socket are groups");
    list("-e,--event", "LIST", raw.events, "Only these events: open,close,...");
    list("-i,--include", "GLOB", raw.include,
         "Only names (or peers) that match this shell pattern; repeatable");
    list("-x,--exclude", "GLOB", raw.exclude, "Not those that match this one; repeatable");
    app.add_flag("--no-initial", raw.no_initial, "Do not print what was open already")
        ->group(kGroup);
}

void declare_output(CLI::App& app, RawOptions& raw) {
    constexpr const char* kGroup = "What is written";
    app.add_flag("-j,--json", raw.json, "Write JSON Lines")->group(kGroup);
    app.add_option("-o,--output", raw.output,
                   "Append the records to a file instead of standard output")
        ->type_name("FILE")
        ->group(kGroup);
    app.add_flag("-l,--long", raw.long_format,
                 "Text: add COMM[PID] and FD columns [with several processes]")
        ->group(kGroup);
    app.add_flag("--no-long", raw.no_long, "Text: never add them")->group(kGroup);
    app.add_option("--time", raw.time, "iso, unix, start (since the watch began) or delta [iso]")
        ->type_name("STYLE")
        ->group(kGroup);
    app.add_option("--color", raw.color, "auto, always or never [auto]")
        ->type_name("WHEN")
        ->group(kGroup);
    app.add_flag("-c,--summary-only", raw.summary_only, "A table at the end instead of the records")
        ->group(kGroup);
    app.add_flag("-C,--summary", raw.summary, "The table on standard error, after the records")
        ->group(kGroup);
    app.add_flag("--leaks", raw.leaks,
                 "At the end, what was opened and left open; status 3 if there is a leak")
        ->group(kGroup);
    app.add_option("--leak-min", raw.leak_min, "So many alike are a leak [2]")
        ->type_name("N")
        ->group(kGroup);
    app.add_flag("-q,--quiet", raw.quiet, "No notices on standard error")->group(kGroup);
}

void declare_names(CLI::App& app, RawOptions& raw) {
    constexpr const char* kGroup = "Host names";
    app.add_flag("-n,--numeric", raw.numeric, "Look up none")->group(kGroup);
    app.add_option("--dns-wait", raw.dns_wait,
                   "The longest a record waits for one [250ms; 2s with --once]")
        ->type_name("TIME")
        ->group(kGroup);
    app.add_option("--dns-server", raw.dns_servers,
                   "Ask these servers instead of the system's: ADDR[:PORT][,...]")
        ->type_name("ADDR")
        ->group(kGroup);
}

void declare(CLI::App& app, RawOptions& raw) {
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.add_flag("-V,--version", raw.version, "Print the version and exit");
    declare_processes(app, raw);
    declare_looks(app, raw);
    declare_filters(app, raw);
    declare_output(app, raw);
    declare_names(app, raw);
    app.footer(kFooter);
    // So that an alias can be overruled.
    for (CLI::Option* option : app.get_options())
        if (option->get_items_expected_max() == 1) option->take_last();
}

/// The option of that name, `--pid` or `-p`; null when there is none.
const CLI::Option* option_named(const CLI::App& app, std::string_view name) {
    return app.get_option_no_throw(std::string(name));
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

/// True when the word after this one is the value of an option that ends this one, whatever it
/// looks like.
bool takes_next_word(const CLI::App& app, std::string_view word) {
    if (word.starts_with("--")) {
        const CLI::Option* option = option_named(app, word);
        return option != nullptr && takes_value(*option);
    }
    if (!word.starts_with('-')) return false;
    // A cluster: flags, and perhaps an option to whose value the rest belongs.
    for (std::size_t at = 1; at < word.size(); ++at) {
        const CLI::Option* option = option_named(app, std::string{'-', word[at]});
        if (option == nullptr) return false;
        if (takes_value(*option)) return at + 1 == word.size();
    }
    return false;
}

/// CLI11 would take the next word for the value.
void refuse_empty_value(const CLI::App& app, std::string_view word) {
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) return;
    const std::string_view name = word.substr(0, word.size() - 1);
    const CLI::Option* option = option_named(app, name);
    if (option == nullptr) return;
    if (takes_value(*option))
        refuse("{}: its value is missing; write {}{}", word, word, option->get_type_name());
    refuse("{}: it takes no value; write {}", word, name);
}

/// CLI11 takes a negative number for a cluster of flags.
void refuse_negative_number(std::string_view word) {
    if (word.size() > 1 && word[0] == '-' && word != "-1" &&
        word.find_first_not_of("0123456789", 1) == std::string_view::npos)
        refuse("'{}' is not a PID: a PID is a positive number", word);
}

/// Refuses what CLI11 would understand in its own way.
void check_words(const CLI::App& app, int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        refuse_empty_value(app, word);
        refuse_negative_number(word);
        if (takes_next_word(app, word)) ++i;
    }
}

std::variant<Options, ExitStatus> parse(int argc, const char* const* argv, std::ostream& out) {
    RawOptions raw;
    // Versions of CLI11 differ about `--`, so that it never sees it.
    const char* const* const end = argv + argc;
    const char* const* const dashes =
        std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
    if (dashes != end) raw.command.emplace(dashes + 1, end);
    argc = static_cast<int>(dashes - argv);

    CLI::App app(kDescription, "logfia");
    declare(app, raw);
    try {
        check_words(app, argc, argv);
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
    return understand(raw);
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
