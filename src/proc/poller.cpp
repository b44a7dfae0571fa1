#include <logfia/proc/fd_diff.hpp>
#include <logfia/proc/poller.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kThreadCheckPause = std::chrono::seconds(5);
constexpr Duration kProbePause = std::chrono::seconds(1);

/// True when a number that was open before is not.
bool lacks_some_of(const FdSnapshot& before, const FdSnapshot& after) {
    auto now = after.entries().begin();
    const auto end = after.entries().end();
    for (const FdEntry& entry : before.entries()) {
        while (now != end && now->fd < entry.fd) ++now;
        if (now == end || now->fd != entry.fd) return true;
    }
    return false;
}

}  // namespace

Poller::Poller(ProcRoot root, PollerOptions options)
    : root_(std::move(root)), options_(options), describer_(root_), sockets_(options.interval) {}

void Poller::add(Process process) {
    auto watched =
        std::make_unique<WatchedProcess>(++processes_seen_, std::move(process), options_.interval);
    const auto at =
        std::lower_bound(processes_.begin(), processes_.end(), watched->process.pid(),
                         [](const auto& held, pid_t pid) { return held->process.pid() < pid; });
    if (watched->process.is_kernel_thread()) {
        notices_.push_back(fmt::format("process {} ({}) is a kernel thread: it has no descriptors",
                                       watched->process.pid(), watched->process.comm()));
    }
    processes_.insert(at, std::move(watched));
}

void Poller::collect(std::vector<pollfd>& out) const {
    for (const auto& watched : processes_)
        if (watched->process.pidfd() >= 0) out.push_back({watched->process.pidfd(), POLLIN, 0});
}

bool Poller::is_pidfd(int fd) const {
    return std::any_of(processes_.begin(), processes_.end(),
                       [fd](const auto& watched) { return watched->process.pidfd() == fd; });
}

void Poller::look(Now now, EventSink& sink) {
    now_ = now;
    ++look_;
    bool looked = false;
    for (const auto& watched : processes_) {
        const auto verdict = judge(*watched);
        if (verdict == RunGate::Verdict::skip) continue;
        if (!looked) describer_.begin_look(now.steady);
        looked = true;
        inspect(*watched, verdict);
    }
    if (!looked) return;  // all of them slept: this is what an idle watch comes to
    sockets_.answer(root_, now.steady);
    publish(sink);
}

void Poller::reap(Now now, EventSink& sink) {
    now_ = now;
    for (const auto& watched : processes_) {
        if (watched->process.has_ended()) end(*watched);
    }
    publish(sink);
}

RunGate::Verdict Poller::judge(WatchedProcess& watched) const {
    if (!watched.gate.usable()) return RunGate::Verdict::look;
    return watched.gate.judge(watched.process.cpu_time(), now_.steady);
}

void Poller::inspect(WatchedProcess& watched, RunGate::Verdict verdict) {
    const LookOutcome outcome = read_table(watched);
    if (outcome.state == LookOutcome::State::gone) return end(watched);
    settle(watched, outcome);
    if (outcome.state == LookOutcome::State::complete) {
        const bool changed = take_changes(watched);
        // It did not run, and yet its table is another: somebody else shares it.
        if (changed && watched.begun && verdict == RunGate::Verdict::recheck)
            watched.gate.disable();
        if (options_.socket_details) sockets_.ask_again(watched, now_.steady);
        check_threads(watched);
        watched.begun = true;
    }
    watched.gate.looked(now_.steady, watched.snapshot.entries().size());
    watched.process.release();
}

LookOutcome Poller::read_table(WatchedProcess& watched) {
    int error = 0;
    LookOutcome outcome{LookOutcome::State::failed, 0, false};
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (watched.denied) watched.process.renew_fd_dir();
        if (watched.process.acquire(root_, &error)) {
            outcome = reader_.read(watched.process.fd_dir(), look_, watched.snapshot, seen_);
        } else {
            const bool gone = error == ENOENT || error == ESRCH;
            outcome = {gone ? LookOutcome::State::gone : LookOutcome::State::failed, error, false};
        }
        if (outcome.state != LookOutcome::State::gone && !is_suspicious(watched, outcome))
            return outcome;
        watched.probed = now_.steady;
        bool moved = false;
        if (watched.process.probe(root_, &moved) == Process::Life::ended)
            return {LookOutcome::State::gone, 0, false};
        if (!moved) break;
    }
    // It lives, so that nothing it had open counts as closed.
    if (outcome.state == LookOutcome::State::gone)
        return {LookOutcome::State::failed, ESRCH, false};
    return outcome;
}

/// A table that is empty, or lacks what was open before, may be that of a thread that is ending: it
/// lets go of the table, which lives on with the others.
bool Poller::is_suspicious(const WatchedProcess& watched, const LookOutcome& outcome) const {
    if (outcome.state != LookOutcome::State::complete) return false;
    if (seen_.entries().empty()) {
        // As it was before, and the pidfd tells its end: not at each look.
        const bool known =
            watched.begun && watched.snapshot.entries().empty() && watched.process.pidfd() >= 0;
        return !known || now_.steady - watched.probed >= kProbePause;
    }
    return lacks_some_of(watched.snapshot, seen_) && watched.process.table_is_let_go();
}

/// Says once when something may be missed, and notes when that is over.
void Poller::settle(WatchedProcess& watched, const LookOutcome& outcome) {
    const bool failed = outcome.state == LookOutcome::State::failed;
    if (failed && !watched.look_failed)
        losses_.push_back({&watched, fmt::format("its descriptors cannot be listed: {}",
                                                 std::strerror(outcome.error))});
    watched.look_failed = failed;
    if (failed) return;
    if (outcome.denied && !watched.denied)
        losses_.push_back({&watched, "its links may no longer be read: Permission denied"});
    watched.denied = outcome.denied;
}

/// True when descriptors came or went (a file that was renamed does not count).
bool Poller::take_changes(WatchedProcess& watched) {
    bool table_changed = false;
    bool text_changed = false;
    const auto close = [&](const FdEntry& before) {
        table_changed = true;
        SocketAsker::forget(watched, before.slot);
        closes_.push_back({&watched, before.slot});
    };
    const auto open = [&](FdEntry& after) {
        table_changed = true;
        after.slot = learn(watched, after);
        after.changed = watched.begun ? look_ : 0;
        opens_.push_back({&watched, after.slot});
    };
    diff(
        watched.snapshot, seen_, close,
        [&](const FdEntry& before, FdEntry& after) {
            text_changed = true;
            if (take_renaming(watched, before, after)) return;
            close(before);
            open(after);
        },
        open);
    if (!table_changed && !text_changed) return false;
    watched.snapshot.assign(seen_);
    if (watched.begun) watched.process.refresh_comm();
    return table_changed;
}

std::uint32_t Poller::learn(WatchedProcess& watched, const FdEntry& entry) {
    KnownFd known;
    known.opened = now_;
    known.initial = !watched.begun;
    describer_.describe(watched.process, entry.fd, seen_.name(entry), known.descriptor,
                        known.identity);
    known.descriptor.id = ++descriptors_seen_;
    const bool is_socket = known.descriptor.type == FdType::socket && known.descriptor.inode;
    const std::uint32_t slot = watched.known.add(std::move(known));
    if (is_socket && options_.socket_details) sockets_.ask(watched, slot);
    return slot;
}

/// The link is another text: has the file got another name, or is it another file?
bool Poller::take_renaming(WatchedProcess& watched, const FdEntry& before, FdEntry& after) {
    KnownFd& known = watched.known[before.slot];
    Descriptor descriptor;
    FileIdentity identity;
    describer_.describe(watched.process, after.fd, seen_.name(after), descriptor, identity);
    const bool named_now = known.descriptor.name == "?";
    if (!named_now &&
        !is_renamed({known.descriptor.name, known.identity}, {descriptor.name, identity}))
        return false;
    after.changed = look_;
    renames_.push_back({{&watched, before.slot}, std::move(known.descriptor.name)});
    descriptor.id = known.descriptor.id;
    known.descriptor = std::move(descriptor);
    known.identity = identity;
    return true;
}

void Poller::end(WatchedProcess& watched) {
    if (watched.ended) return;
    watched.ended = true;
    watched.process.refresh_comm();
    for (const FdEntry& entry : watched.snapshot.entries())
        closes_.push_back({&watched, entry.slot});
}

void Poller::check_threads(WatchedProcess& watched) {
    if (watched.threads_told) return;
    if (watched.begun && now_.steady - watched.threads_checked < kThreadCheckPause) return;
    watched.threads_checked = now_.steady;
    if (!watched.process.has_thread_with_own_table()) return;
    watched.threads_told = true;
    notices_.push_back(fmt::format(
        "process {} ({}) has a thread with a descriptor table of its own, which is not looked into",
        watched.process.pid(), watched.process.comm()));
}

Event Poller::event_of(EventKind kind, WatchedProcess& watched, const KnownFd& known) const {
    Event event;
    event.kind = kind;
    event.at = now_;
    event.process = watched.id;
    event.pid = watched.process.pid();
    event.comm = watched.process.comm();
    event.descriptor = known.descriptor;
    return event;
}

void Poller::publish(EventSink& sink) {
    for (const auto& notice : notices_) sink.notice(notice);
    notices_.clear();
    publish_losses(sink);
    for (const Change& change : closes_) {
        const KnownFd known = change.process->known.take(change.slot);
        Event event = event_of(EventKind::close, *change.process, known);
        event.opened = known.opened.wall;
        event.at_exit = change.process->ended;
        if (!known.initial) event.held = now_.steady - known.opened.steady;
        sink.accept(std::move(event));
    }
    closes_.clear();
    for (const Change& change : opens_) {
        const KnownFd& known = change.process->known[change.slot];
        Event event = event_of(EventKind::open, *change.process, known);
        event.initial = known.initial;
        sink.accept(std::move(event));
    }
    opens_.clear();
    for (Renaming& renaming : renames_) {
        WatchedProcess& watched = *renaming.change.process;
        Event event = event_of(EventKind::rename, watched, watched.known[renaming.change.slot]);
        event.old_name = std::move(renaming.old_name);
        sink.accept(std::move(event));
    }
    renames_.clear();
    publish_progress(sink);
    forget_ended();
}

void Poller::publish_losses(EventSink& sink) {
    for (Loss& loss : losses_) {
        Event event;
        event.kind = EventKind::lost;
        event.at = now_;
        event.process = loss.process->id;
        event.pid = loss.process->process.pid();
        event.comm = loss.process->process.comm();
        event.reason = std::move(loss.reason);
        sink.accept(std::move(event));
    }
    losses_.clear();
}

void Poller::publish_progress(EventSink& sink) {
    auto& progress = sockets_.progress();
    std::sort(progress.begin(), progress.end(), [](const auto& a, const auto& b) {
        const auto key = [](const SocketAsker::Progress& p) {
            return std::tuple(p.kind, p.process->process.pid(),
                              p.process->known[p.slot].descriptor.fd);
        };
        return key(a) < key(b);
    });
    for (const auto& step : progress)
        sink.accept(event_of(step.kind, *step.process, step.process->known[step.slot]));
    progress.clear();
}

void Poller::forget_ended() {
    std::erase_if(processes_, [](const auto& watched) { return watched->ended; });
}

}  // namespace logfia
