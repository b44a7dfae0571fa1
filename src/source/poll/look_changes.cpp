#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/poll/look_changes.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace logfia {
namespace {

Event event_of(EventKind kind, Now now, const WatchedProcess& watched) {
    Event event;
    event.kind = kind;
    event.at = now;
    event.process = watched.id;
    event.pid = watched.process.pid();
    event.comm = watched.process.comm();
    return event;
}

Event event_of(EventKind kind, Now now, const WatchedProcess& watched, const KnownFd& known) {
    Event event = event_of(kind, now, watched);
    event.descriptor = known.descriptor;
    return event;
}

}  // namespace

void LookChanges::publish(Now now, std::vector<SocketAsker::Progress>& progress, EventSink& sink) {
    publish_losses(now, sink);
    publish_closes(now, sink);
    publish_opens(sink);
    for (Renaming& renaming : renames_) {
        const auto [watched, slot] = renaming.change;
        Event event = event_of(EventKind::rename, now, *watched, watched->known[slot]);
        event.old_name = std::move(renaming.old_name);
        sink.accept(std::move(event));
    }
    renames_.clear();
    std::sort(progress.begin(), progress.end(), [](const auto& a, const auto& b) {
        const auto key = [](const SocketAsker::Progress& p) {
            return std::tuple(p.kind, p.process->process.pid(),
                              p.process->known[p.slot].descriptor.fd);
        };
        return key(a) < key(b);
    });
    for (const auto& step : progress)
        sink.accept(event_of(step.kind, now, *step.process, step.process->known[step.slot]));
    progress.clear();
}

void LookChanges::publish_losses(Now now, EventSink& sink) {
    for (Loss& loss : losses_) {
        Event event = event_of(EventKind::lost, now, *loss.process);
        event.reason = std::move(loss.reason);
        sink.accept(std::move(event));
    }
    losses_.clear();
}

void LookChanges::sort(std::vector<Change>& changes) {
    const auto key = [](const Change& change) {
        const KnownFd& known = change.process->known[change.slot];
        return std::tuple(change.process->process.pid(), change.process->id, known.descriptor.fd);
    };
    std::sort(changes.begin(), changes.end(),
              [&](const Change& a, const Change& b) { return key(a) < key(b); });
}

void LookChanges::publish_closes(Now now, EventSink& sink) {
    sort(closes_);
    for (const Change& change : closes_) {
        KnownFd known = change.process->known.take(change.slot);
        // Who closed it has run since it was asked, and whoever ends has done so as well.
        known.descriptor.socket =
            outdated(known.descriptor.type, std::move(known.descriptor.socket));
        Event event = event_of(EventKind::close, now, *change.process, known);
        event.opened = known.opened.wall;
        event.at_exit = change.process->ended;
        event.totals = known.totals;
        if (!known.initial) event.held = now.steady - known.opened.steady;
        sink.accept(std::move(event));
    }
    closes_.clear();
}

void LookChanges::publish_opens(EventSink& sink) {
    sort(opens_);
    for (const Change& change : opens_) {
        const KnownFd& known = change.process->known[change.slot];
        // A command is looked at before its exec, and that is told later.
        Event event = event_of(EventKind::open, known.opened, *change.process, known);
        event.initial = known.initial;
        event.fd_limit = change.process->fd_limit;
        sink.accept(std::move(event));
    }
    opens_.clear();
}

}  // namespace logfia
