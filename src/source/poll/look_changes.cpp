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
    event.actor.number = watched.id;
    event.actor.pid = watched.process.pid();
    event.actor.comm = watched.process.comm();
    return event;
}

Event event_of(EventKind kind, Now now, const WatchedProcess& watched, DescriptorChange change) {
    Event event = event_of(kind, now, watched);
    event.change = std::move(change);
    return event;
}

DescriptorChange change_of(const KnownFd& known) {
    DescriptorChange change;
    change.descriptor = known.descriptor;
    return change;
}

}  // namespace

void LookChanges::publish(Now now, std::vector<SocketSchedule::Progress>& progress,
                          EventSink& sink) {
    publish_losses(now, sink);
    publish_closes(now, sink);
    publish_opens(sink);
    for (Renaming& renaming : renames_) {
        const auto [watched, slot] = renaming.change;
        DescriptorChange change = change_of(watched->known[slot]);
        change.old_name = std::move(renaming.old_name);
        sink.accept(event_of(EventKind::rename, now, *watched, std::move(change)));
    }
    renames_.clear();
    std::sort(progress.begin(), progress.end(), [](const auto& a, const auto& b) {
        const auto key = [](const SocketSchedule::Progress& p) {
            return std::tuple(p.kind, p.process->process.pid(),
                              p.process->known[p.slot].descriptor.fd);
        };
        return key(a) < key(b);
    });
    for (const auto& step : progress)
        sink.accept(
            event_of(step.kind, now, *step.process, change_of(step.process->known[step.slot])));
    progress.clear();
}

void LookChanges::publish_losses(Now now, EventSink& sink) {
    for (Missed& loss : losses_) {
        Event event = event_of(EventKind::lost, now, *loss.process);
        event.change = std::move(loss.loss);
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
        DescriptorChange told = change_of(known);
        told.opened = known.opened.wall;
        told.at_exit = change.process->ended;
        told.totals = known.totals;
        if (!known.initial) told.held = now.steady - known.opened.steady;
        sink.accept(event_of(EventKind::close, now, *change.process, std::move(told)));
    }
    closes_.clear();
}

void LookChanges::publish_opens(EventSink& sink) {
    sort(opens_);
    for (const Change& change : opens_) {
        const KnownFd& known = change.process->known[change.slot];
        DescriptorChange told = change_of(known);
        told.initial = known.initial;
        told.fd_limit = change.process->fd_limit;
        // A command is looked at before its exec, and that is told later.
        sink.accept(event_of(EventKind::open, known.opened, *change.process, std::move(told)));
    }
    opens_.clear();
}

}  // namespace logfia
