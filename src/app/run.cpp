#include <logfia/app/run.hpp>
#include <logfia/app/watch.hpp>
#include <logfia/net/cares_resolver.hpp>
#include <logfia/output/json_writer.hpp>
#include <logfia/output/text_writer.hpp>
#include <logfia/proc/process_set.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace logfia {
namespace {

/// A standard stream that is closed would lend its number to the next file that is opened, which
/// then would get what was meant for the stream.
std::vector<int> occupy_standard_streams() {
    std::vector<int> closed;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        closed.push_back(fd);
        if (::open("/dev/null", O_RDWR | O_NOCTTY) < 0) break;
    }
    return closed;
}

bool contains(const std::vector<int>& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

bool wants_color(const Options& options, const Output& output) {
    if (options.color != ColorWhen::automatic) return options.color == ColorWhen::always;
    const char* no_color = std::getenv("NO_COLOR");
    return (no_color == nullptr || *no_color == '\0') && output.is_terminal();
}

std::unique_ptr<RecordWriter> make_writer(const Options& options, const Output& output, Now start) {
    if (options.json) return std::make_unique<JsonWriter>(JsonOptions{options.time, start.steady});
    TextOptions text;
    text.columns = options.long_format ? Columns::full : Columns::brief;
    text.color = wants_color(options, output) ? Color::on : Color::off;
    text.time = options.time;
    text.began = start.steady;
    return std::make_unique<TextWriter>(text);
}

/// Without names a watch is still worth its while: a resolver that cannot be had is only a notice.
std::unique_ptr<Resolver> make_resolver(const Options& options, Notices& notices) {
    if (options.numeric || options.filter.real_files_only) return nullptr;
    CaresOptions cares;
    cares.servers = options.dns_servers;
    auto lookup = make_cares_lookup(cares);
    if (lookup) return std::make_unique<Resolver>(std::move(*lookup));
    notices.notice("no host names: " + describe(lookup.error()));
    return nullptr;
}

/// Below some milliseconds the kernel's usual slack of 50 us would be felt (prctl(2)).
void sharpen_timer(Duration interval) {
    if (interval < std::chrono::milliseconds(10)) prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

ExitStatus fail(Notices& notices, const Error& error) {
    notices.error(describe(error));
    return ExitStatus::failure;
}

/// What the set of processes has to say before there is a watch.
class NoticesOnly final : public EventSink {
  public:
    explicit NoticesOnly(Notices& notices) : notices_(notices) {}
    void accept(Event) override {}
    void notice(std::string_view line) override { notices_.notice(line); }

  private:
    Notices& notices_;
};

WantedProcesses wanted_processes(const Options& options) {
    WantedProcesses wanted;
    wanted.pids = options.pids;
    wanted.names = options.names;
    wanted.user = options.user;
    wanted.all = options.all;
    wanted.follow = options.follow;
    wanted.waits = !options.once;
    wanted.orphans_are_ours = !options.command.empty();
    wanted.interval = options.interval;
    return wanted;
}

/// A `close` of a TCP connection has a place for what it has carried.
bool shows_totals(const Options& options) {
    const FilterOptions& filter = options.filter;
    if (options.once || options.summary == SummaryWhen::only) return false;
    if (!options.json && !options.long_format) return false;
    if (filter.events && !filter.events->contains(EventKind::close)) return false;
    return !filter.types || filter.types->contains(FdType::tcp) ||
           filter.types->contains(FdType::tcp6);
}

PollerOptions poller_options(const Options& options) {
    PollerOptions poller;
    poller.interval = options.interval;
    poller.socket_details = !options.filter.real_files_only;
    poller.limits = options.leaks;
    poller.single_look = options.once;
    poller.copies = !options.no_dup;
    poller.totals = shows_totals(options);
    poller.targets = options.json;
    return poller;
}

/// Nobody to watch, and nobody to wait for.
Error no_process(const Options& options) {
    if (options.all) return {"watch", "all processes", 0, "there is none that you may look into"};
    return {"watch", fmt::format("'{}'", fmt::join(options.names, "' or '")), 0,
            "no process has such a name"};
}

/// The processes that are there, and the command that waits for its exec.
bool gather(const Options& options, ProcessSet& processes, Command* command, Notices& notices,
            ExitStatus& status) {
    NoticesOnly sink(notices);
    if (command != nullptr) {
        const auto added = processes.begin_with(command->pid(), command->given());
        if (!added) notices.error(describe(added.error()));
        return static_cast<bool>(added);
    }
    const std::vector<Error> errors = processes.begin(sink);
    for (const Error& error : errors) notices.error(describe(error));
    if (!errors.empty()) status = ExitStatus::failure;
    if (processes.watches_any() || processes.awaits_more()) return true;
    if (options.pids.empty()) notices.error(describe(no_process(options)));
    return false;
}

/// False when it could not be run: that was said.
bool go(Command& command, const Options& options, Poller& poller, const StopSignals& signals,
        Notices& notices, Now start) {
    poller.look_ahead(start);
    const int code = command.go(signals);
    if (code == 0) {
        poller.after_exec();
        return true;
    }
    const std::string advice =
        code == ENOENT ? "it is not to be found, or its interpreter is not" : "";
    notices.error(describe({"run", options.command.front(), code, advice}));
    return false;
}

ExitStatus watch(const Options& options, Command* command, StopSignals& signals, Notices& notices) {
    auto root = ProcRoot::open(options.proc);
    if (!root) return fail(notices, root.error());
    if (command != nullptr && !root->native())
        return fail(notices, {"watch", options.command.front(), 0,
                              fmt::format("{} does not show it by its PID: mount procfs, or give "
                                          "the right one (--proc)",
                                          options.proc)});
    Poller poller(std::move(*root), poller_options(options));
    ProcessSet processes(wanted_processes(options), poller);
    ExitStatus status = ExitStatus::success;
    if (!gather(options, processes, command, notices, status)) return ExitStatus::failure;

    auto output = options.output.empty() ? Output::to_stdout() : Output::to_file(options.output);
    if (!output) return fail(notices, output.error());
    auto waiter = Waiter::create();
    if (!waiter) return fail(notices, waiter.error());
    auto resolver = make_resolver(options, notices);
    // With a command the watch begins with the look before its exec.
    const Now start = read_clocks();
    if (command != nullptr && !go(*command, options, poller, signals, notices, start))
        return ExitStatus::failure;
    sharpen_timer(options.interval);
    auto writer = make_writer(options, *output, start);
    Watch watch(options,
                {poller, processes, command, signals, std::move(resolver), std::move(writer),
                 std::move(*output), std::move(*waiter)},
                notices, start);
    const ExitStatus end = watch.run();
    return status == ExitStatus::success ? end : status;
}

/// Without memory there is no going on. By then what the watch had is free again, so that this can
/// be said, and a command is still waited for.
ExitStatus watch_while_there_is_memory(const Options& options, Command* command,
                                       StopSignals& signals, Notices& notices) {
    try {
        return watch(options, command, signals, notices);
    } catch (const std::bad_alloc&) {
        return fail(notices, {"watch", "any more", ENOMEM, "what was not written yet is lost"});
    }
}

int to_int(ExitStatus status) {
    return static_cast<int>(status);
}

/// Waits for the command, whose own status comes first.
int run_command(const Options& options, const InheritedSignals& inherited, std::vector<int> closed,
                Notices& notices) {
    const Orphans orphans = options.follow ? Orphans::adopted : Orphans::left;
    auto command =
        Command::start({options.command, inherited, std::move(closed), orphans, options.proc});
    if (!command) return to_int(fail(notices, command.error()));
    StopSignals signals(SignalsMean::pass_on);
    const ExitStatus status =
        watch_while_there_is_memory(options, command->get(), signals, notices);
    if (!(*command)->started()) return to_int(status);
    const auto until = options.follow ? Command::Until::all_end : Command::Until::it_ends;
    (*command)->wait(until, signals, notices);
    const int own = (*command)->status();
    return own != 0 ? own : to_int(status);
}

}  // namespace

int run(const Options& options, const InheritedSignals& inherited) {
    std::vector<int> closed = occupy_standard_streams();
    Notices notices(STDERR_FILENO, options.quiet ? Verbosity::quiet : Verbosity::normal);
    if (options.output.empty() && contains(closed, STDOUT_FILENO))
        return to_int(fail(notices, {"write to", "standard output", EBADF, "it is closed"}));
    if (!options.command.empty())
        return run_command(options, inherited, std::move(closed), notices);
    StopSignals signals(SignalsMean::stop);
    return to_int(watch_while_there_is_memory(options, nullptr, signals, notices));
}

}  // namespace logfia
