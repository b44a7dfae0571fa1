#include <logfia/app/exact.hpp>
#include <logfia/app/sources.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace logfia {
namespace {

/// The error when there is no process to watch, and none to wait for.
Error no_process(const Options& options) {
    const WantedProcesses& wanted = options.processes;
    const std::string who =
        wanted.all ? "all processes" : fmt::format("'{}'", fmt::join(wanted.names, "' or '"));
    return {"cannot watch", who, 0,
            fmt::format("there is no process{}{} that you may look into{}",
                        wanted.all ? "" : " of this name",
                        !wanted.user ? ""
                        : wanted.all ? " of this user"
                                     : " and user",
                        wanted.not_names.empty() ? "" : " and that --not-name leaves in")};
}

/// Says when everything that is watched has ended: with a command and `--follow`, descendants that
/// could not be looked into count too.
PollSource::MayEnd end_of(Command* command, bool follow, StopSignals& signals) {
    if (command == nullptr) return {};
    return [command, follow, &signals](SteadyTime now) {
        command->reap(now, signals);
        return follow ? command->all_gone() : command->ended();
    };
}

/// Adds the processes that exist, or the command that waits for its exec. False when there is
/// nothing to watch.
bool find_processes(const Options& options, Command* command, Notices& notices, Sources& sources) {
    PollSource& poll = *sources.poll;
    if (command != nullptr) {
        const auto added = poll.add_command(command->pid(), command->given());
        poll.ask_command([command] { return command->wait_status(); });
        if (!added) notices.error(describe(added.error()));
        if (added) sources.command = *added;
        return static_cast<bool>(added);
    }
    const std::vector<Error> errors = poll.find_processes(notices);
    for (const Error& error : errors) notices.error(describe(error));
    sources.incomplete = !errors.empty();
    if (poll.has_work()) return true;
    if (options.processes.pids.empty()) notices.error(describe(no_process(options)));
    return false;
}

Result<std::unique_ptr<PollSource>> make_poll_source(const Options& options, Command* command,
                                                     StopSignals& signals, Numbers& numbers) {
    auto root = ProcRoot::open(options.proc);
    if (!root) return root.error();
    if (command != nullptr && !root->native())
        return Error{"cannot watch", options.command.front(), 0,
                     fmt::format("{} does not show the command by its PID: mount procfs, or name "
                                 "the right one with --proc",
                                 options.proc)};
    // In any other directory no process would ever come.
    if (options.processes.by_name() && !root->is_procfs())
        return Error{"look for processes in", options.proc, 0, "it is not a procfs"};
    return PollSource::create(std::move(*root), options.poller, options.processes, numbers,
                              end_of(command, options.processes.follow, signals));
}

}  // namespace

std::optional<Sources> make_sources(const Options& options, Command* command, ExactWatch* exact,
                                    StopSignals& signals, Notices& notices) {
    Sources sources;
    if (exact != nullptr) {
        auto source = make_exact_source(options, *exact, *command, *sources.numbers);
        sources.command = source->command_number();
        sources.all.push_back(std::move(source));
        return sources;
    }
    auto poll = make_poll_source(options, command, signals, *sources.numbers);
    if (!poll) {
        notices.error(describe(poll.error()));
        return std::nullopt;
    }
    sources.poll = poll->get();
    sources.all.push_back(std::move(*poll));
    if (!find_processes(options, command, notices, sources)) return std::nullopt;
    return sources;
}

}  // namespace logfia
