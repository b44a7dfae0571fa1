#include <logfia/app/exact.hpp>
#include <logfia/app/linux_system.hpp>
#include <logfia/app/loop.hpp>
#include <logfia/app/run.hpp>
#include <logfia/app/sources.hpp>
#include <logfia/app/writers.hpp>
#include <logfia/net/cares_resolver.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <vector>

namespace logfia {
namespace {

/// Opens closed standard streams: the next file to be opened would otherwise get the number of the
/// stream, and the output that is meant for it.
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

/// A watch without host names is still worth while: if there is no resolver, a notice says so.
std::unique_ptr<Resolver> make_resolver(const Options& options, Notices& notices) {
    if (options.numeric || options.filter.real_files_only) return nullptr;
    CaresOptions cares;
    cares.servers = options.dns_servers;
    auto lookup = make_cares_lookup(cares);
    if (lookup) return std::make_unique<Resolver>(std::move(*lookup));
    notices.notice("no host names: " + describe(lookup.error()));
    return nullptr;
}

/// For intervals of a few milliseconds, the kernel's usual timer slack of 50 us would matter
/// (prctl(2)).
void sharpen_timer(Interval interval) {
    if (interval.duration() < std::chrono::milliseconds(10))
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

ExitStatus fail(Notices& notices, const Error& error) {
    notices.error(describe(error));
    return ExitStatus::failure;
}

/// The command that is watched, if there is one.
struct Watched {
    Command* command = nullptr;
    ExactWatch* exact = nullptr;  ///< null: by looks
};

/// False when the command could not be run, which was reported. `poll` is null where the command is
/// watched exactly.
bool go(const Watched& watched, const Options& options, PollSource* poll,
        const StopSignals& signals, Notices& notices, Now start) {
    if (watched.exact != nullptr) {
        const auto served = watched.exact->serve(watched.command->pid());
        if (!served) notices.error(describe(served.error()));
        if (!served) return false;
    }
    if (poll != nullptr) poll->look_before_exec(start);
    const Command::Start outcome = watched.command->go(signals);
    switch (outcome.state) {
        case Command::Start::State::runs:
            if (poll != nullptr) poll->after_exec();
            if (watched.exact != nullptr) tell_what_is_slower(*watched.exact, notices);
            return true;
        case Command::Start::State::not_prepared:
            notices.error(describe(preparation_error(options, *watched.exact, outcome.error)));
            return false;
        case Command::Start::State::failed:
            break;
    }
    const std::string advice =
        outcome.error == ENOENT ? "the command, or its interpreter, was not found" : "";
    notices.error(describe({"run", options.command.front(), outcome.error, advice}));
    return false;
}

/// For the verdict on leaks. The end of a command is noticed before the command is reaped.
LeakWriter::Command for_leaks(Command* command, const Sources& sources, StopSignals& signals) {
    if (command == nullptr) return {};
    return {sources.command, [command, &signals] {
                command->reap(read_clocks().steady, signals);
                return command->ended_by_itself() ? CommandEnd::by_itself : CommandEnd::otherwise;
            }};
}

ExitStatus watch(const Options& options, const Watched& watched, StopSignals& signals,
                 Notices& notices) {
    Command* const command = watched.command;
    auto sources = make_sources(options, command, watched.exact, signals, notices);
    if (!sources) return ExitStatus::failure;
    auto output = options.output.empty() ? Output::to_stdout() : Output::to_file(options.output);
    if (!output) return fail(notices, output.error());
    auto waiter = Waiter::create();
    if (!waiter) return fail(notices, waiter.error());
    auto resolver = make_resolver(options, notices);
    // With a command the watch begins with the look before its exec.
    const Now start = read_clocks();
    if (command != nullptr && !go(watched, options, sources->poll, signals, notices, start))
        return ExitStatus::failure;
    sharpen_timer(options.poller.interval);
    LinuxSystem system(std::move(*waiter), signals, command, notices);
    Pipeline pipeline({.filter = options.filter,
                       .writers = make_writers(options, *output, notices, start,
                                               for_leaks(command, *sources, signals)),
                       .resolver = std::move(resolver),
                       .name_wait = options.dns_wait,
                       .limit = options.count});
    LoopOptions loop_options;
    if (options.duration) loop_options.until = start.steady + *options.duration;
    Loop loop({std::move(sources->all), std::move(pipeline), std::move(*output)}, system, notices,
              loop_options);
    const ExitStatus end = loop.run();
    return sources->incomplete ? ExitStatus::failure : end;
}

/// A watch without memory cannot go on. By the time of the catch, the memory of the watch is free
/// again, so that the failure can be reported and a command still be waited for.
ExitStatus watch_while_there_is_memory(const Options& options, const Watched& watched,
                                       StopSignals& signals, Notices& notices) {
    try {
        return watch(options, watched, signals, notices);
    } catch (const std::bad_alloc&) {
        return fail(notices, {"continue", "the watch", ENOMEM, "records not written yet are lost"});
    }
}

int to_int(ExitStatus status) {
    return static_cast<int>(status);
}

/// Waits for the command, whose own status comes first.
int run_command(const Options& options, const InheritedSignals& inherited, std::vector<int> closed,
                Notices& notices) {
    // Before we adopt orphans: the guard of an exact watch is to be nobody's child.
    std::unique_ptr<ExactWatch> exact;
    if (options.exact) {
        auto prepared = prepare_exact_watch(options, notices);
        if (!prepared) return to_int(fail(notices, prepared.error()));
        exact = std::move(*prepared);
    }
    const Orphans orphans = options.processes.follow ? Orphans::adopted : Orphans::left;
    ChildStep* step = exact != nullptr ? &exact->step() : nullptr;
    auto command = Command::start(
        {options.command, inherited, std::move(closed), orphans, options.proc, step});
    if (!command) return to_int(fail(notices, command.error()));
    StopSignals signals(SignalsMean::pass_on);
    const ExitStatus status =
        watch_while_there_is_memory(options, {command->get(), exact.get()}, signals, notices);
    if (!(*command)->started()) return to_int(status);
    const auto until = options.processes.follow ? Command::Until::all_end : Command::Until::it_ends;
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
    return to_int(watch_while_there_is_memory(options, {}, signals, notices));
}

}  // namespace logfia
