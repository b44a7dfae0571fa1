#include <logfia/base/deleted_suffix.hpp>
#include <logfia/process/exit_code.hpp>
#include <logfia/process/process_list.hpp>
#include <logfia/source/poll/process_records.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string_view>
#include <tuple>

namespace logfia {
namespace {

// The order of those that are published together.
constexpr int kEnds = 0;
constexpr int kStarts = 1;
constexpr int kExecs = 2;
constexpr int kEndsAtOnce = 3;

/// A program whose file was removed, or replaced by an update, is the same program.
bool is_same_program(std::string_view exe, std::string_view other) {
    return without_deleted_suffix(exe) == without_deleted_suffix(other);
}

}  // namespace

ProcessRecords::ProcessRecords(Options options, const ProcRoot& root, Ledger& ledger)
    : options_(std::move(options)),
      root_(root),
      ledger_(ledger),
      tells_(options_.told.contains(EventKind::start) || options_.told.contains(EventKind::exec) ||
             options_.told.contains(EventKind::exit)) {}

void ProcessRecords::look(WatchedProcess& watched) {
    if (!tells_ && options_.not_names.empty()) return;
    if (!watched.program.known) {
        // Until its exec, a command is still our own program.
        if (watched.origin.start != Origin::Start::launched) begin(watched);
        return;
    }
    const bool polls = !options_.not_names.empty() ||
                       (!options_.execs_are_heard && options_.told.contains(EventKind::exec));
    if (!polls) return;
    const std::string_view exe = read_exe(watched);
    const bool runs_another = !exe.empty() && !is_same_program(exe, watched.program.exe);
    if (!runs_another && !has_new_name(watched)) return;
    watched.refresh_comm(root_);
    read_program(watched);
    judge(watched);
    if (runs_another && !options_.execs_are_heard) note_exec(watched);
}

/// A script gives its name to its interpreter, whose executable may be that of the program before.
bool ProcessRecords::has_new_name(WatchedProcess& watched) const {
    if (options_.execs_are_heard || options_.not_names.empty()) return false;
    watched.refresh_comm(root_);
    return watched.process.comm() != watched.program.comm;
}

void ProcessRecords::launched(WatchedProcess& watched, Now at) {
    if (!tells_ || watched.program.known) return;
    begin(watched);
    for (Change& start : changes_) start.at = at;
}

void ProcessRecords::begin(WatchedProcess& watched) {
    watched.program.known = true;
    read_program(watched);
    judge(watched);
    if (!watched.program.excluded) note_start(watched);
    if (std::exchange(watched.program.exec_untold, false)) note_exec(watched);
}

void ProcessRecords::exec(WatchedProcess& watched) {
    if (!tells_ && options_.not_names.empty()) return;
    // The start of the command is told with the program that it has begun with.
    const bool is_first = !std::exchange(watched.program.exec_heard, true);
    const bool is_its_start = is_first && watched.origin.start == Origin::Start::launched;
    if (is_its_start) return;
    if (!watched.program.known) {
        watched.program.exec_untold = true;
        return;
    }
    // A process that has ended no longer tells what it ran.
    watched.program.exe.clear();
    read_program(watched);
    judge(watched);
    note_exec(watched);
}

/// The old facts stay where there are no new ones.
void ProcessRecords::read_program(WatchedProcess& watched) {
    Program& program = watched.program;
    if (const auto exe = read_exe(watched); !exe.empty()) program.exe = exe;
    program.comm = watched.process.comm();
    if (!tells_) return;
    const pid_t pid = watched.process.pid();
    const auto user = user_of(root_, pid);
    const auto facts = read_facts(root_, pid);
    // Read last: with this start time, the user was that of the same process.
    if (!facts || facts->start_time != watched.process.start_time()) return;
    program.parent = facts->parent;
    if (user) program.user = *user;
}

/// Empty when it may not be read, or the process has ended.
std::string_view ProcessRecords::read_exe(const WatchedProcess& watched) {
    link_.resize(PATH_MAX);
    // The held directory never shows another process that has the number now.
    const int dir = watched.process.dir();
    const ssize_t length = dir < 0 ? -1 : readlinkat(dir, "exe", link_.data(), link_.size());
    return length < 0 ? std::string_view()
                      : std::string_view(link_.data(), static_cast<std::size_t>(length));
}

void ProcessRecords::judge(WatchedProcess& watched) {
    Program& program = watched.program;
    if (!watched.origin.excludable || options_.not_names.empty()) return;
    const bool excluded = matches_any(options_.not_names, watched.process.comm()) ||
                          matches_any(options_.not_names, std::string(program_name(program.exe)));
    if (program.excluded && !excluded) {
        program.to_reveal = true;
        program.excluded = false;
        note_start(watched);
    }
    program.excluded = excluded;
}

void ProcessRecords::note_exec(const WatchedProcess& watched) {
    if (!watched.program.excluded) note(EventKind::exec, kExecs, watched);
}

void ProcessRecords::note_start(WatchedProcess& watched) {
    if (std::exchange(watched.program.started, true)) return;
    ProcessChange change;
    change.initial = watched.origin.start == Origin::Start::before_watch;
    note(EventKind::start, kStarts, watched, change);
}

void ProcessRecords::end(WatchedProcess& watched) {
    if (!tells_) return;
    if (!watched.program.known) begin(watched);
    if (!watched.program.started || !options_.told.contains(EventKind::exit)) return;
    const bool is_new = std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
        return change.process == &watched;
    });
    note(EventKind::exit, is_new ? kEndsAtOnce : kEnds, watched, end_of(watched));
}

ProcessChange ProcessRecords::end_of(const WatchedProcess& watched) const {
    auto status = exit_code_of(root_, watched.process);
    if (!status) status = watched.heard_exit;
    if (!status && watched.origin.start == Origin::Start::launched && command_status_)
        status = command_status_();
    ProcessChange change;
    if (status && WIFEXITED(*status)) change.status = WEXITSTATUS(*status);
    if (status && WIFSIGNALED(*status)) change.signal = WTERMSIG(*status);
    return change;
}

void ProcessRecords::note(EventKind kind, int rank, const WatchedProcess& watched,
                          ProcessChange change) {
    if (!options_.told.contains(kind)) return;
    changes_.push_back({kind, rank, &watched, watched.program.exe, change});
}

void ProcessRecords::reveal(WatchedProcess& watched, Now now) {
    if (!std::exchange(watched.program.to_reveal, false)) return;
    for (const FdEntry& entry : watched.snapshot.entries())
        if (watched.known[entry.slot].untold) ledger_.tell_after_all(watched, entry.slot, now);
}

void ProcessRecords::publish(Now now, EventSink& sink) {
    std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
        return std::tuple(a.rank, a.process->actor.pid, a.process->actor.number) <
               std::tuple(b.rank, b.process->actor.pid, b.process->actor.number);
    });
    for (Change& one : changes_) {
        const Program& program = one.process->program;
        Event event;
        event.kind = one.kind;
        event.at = one.at.value_or(now);
        event.actor = one.process->actor;
        event.actor.exe = std::move(one.exe);
        event.actor.ppid = program.parent;
        event.actor.uid = program.user;
        if (program.user) event.actor.user = users_.name_of(*program.user);
        event.change = one.change;
        sink.accept(std::move(event));
    }
    changes_.clear();
}

}  // namespace logfia
