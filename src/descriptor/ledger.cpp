#include <logfia/descriptor/ledger.hpp>
#include <logfia/descriptor/link_text.hpp>
#include <logfia/socket/socket_progress.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace logfia {
namespace {

Event event_of(EventKind kind, Now at, const DescriptorOwner& owner) {
    Event event;
    event.kind = kind;
    event.at = at;
    event.actor = owner.actor;
    return event;
}

/// An Event about a descriptor is made where it stays: a first look makes fifty thousand of them.
DescriptorChange& tell_of(Event& event, const KnownFd& known) {
    DescriptorChange& change = event.change.emplace<DescriptorChange>();
    change.descriptor = known.descriptor;
    change.inherited = known.inherited;
    return change;
}

/// What one descriptor adds to DescriptorOwner::sockets.
std::size_t sockets_of(const KnownFd& known) {
    return is_in(known.descriptor.type, FdGroup::socket) ? 1 : 0;
}

/// The order of a socket's steps within one look.
int rank_of(EventKind kind) {
    return kind == EventKind::connect ? 0 : kind == EventKind::listen ? 1 : 2;
}

}  // namespace

std::uint32_t Ledger::opened(DescriptorOwner& owner, Opening&& opening) {
    const std::uint32_t slot = owner.known.add();
    KnownFd& known = owner.known[slot];
    known.descriptor = std::move(opening.descriptor);
    known.descriptor.id = numbers_.next_descriptor();
    known.identity = opening.identity;
    known.opened = opening.at;
    known.initial = opening.initial;
    known.inherited = opening.inherited;
    known.untold = opening.untold;
    owner.sockets += sockets_of(known);
    opens_.push_back({&owner, slot});
    ++open_;
    return slot;
}

void Ledger::tell_after_all(DescriptorOwner& owner, std::uint32_t slot, Now now) {
    KnownFd& known = owner.known[slot];
    known.untold = false;
    known.opened = now;
    opens_.push_back({&owner, slot});
}

void Ledger::closed(DescriptorOwner& owner, std::uint32_t slot, Closing closing) {
    owner.sockets -= sockets_of(owner.known[slot]);
    closes_.push_back({{&owner, slot}, closing});
    --open_;
}

void Ledger::renamed(DescriptorOwner& owner, std::uint32_t slot, Descriptor descriptor,
                     const FileIdentity& identity) {
    KnownFd& known = owner.known[slot];
    const auto handle = known.identity.handle;
    const bool was_named = known.descriptor.name != kUnreadableLink;
    if (was_named) keep_what_was_known(known.descriptor, descriptor);
    renames_.push_back({{&owner, slot}, std::move(known.descriptor.name)});
    descriptor.id = known.descriptor.id;
    owner.sockets -= sockets_of(known);
    known.descriptor = std::move(descriptor);
    owner.sockets += sockets_of(known);
    known.identity = identity;
    if (was_named && !known.identity.handle) known.identity.handle = handle;
}

void Ledger::progressed(DescriptorOwner& owner, std::uint32_t slot, EventKind kind) {
    progress_.push_back({{&owner, slot}, kind});
}

void Ledger::lost(const DescriptorOwner& owner, std::string reason) {
    losses_.push_back({&owner, {std::move(reason), {}, {}, {}}});
}

void Ledger::publish(Now now, EventSink& sink) {
    publish_ends(now, sink);
    publish_rest(now, sink);
}

void Ledger::publish_ends(Now now, EventSink& sink) {
    publish_losses(now, sink);
    publish_closes(now, sink);
}

void Ledger::publish_rest(Now now, EventSink& sink) {
    publish_opens(sink);
    publish_renames(now, sink);
    publish_progress(now, sink);
}

bool Ledger::comes_before(const Change& a, const Change& b) {
    const auto key = [](const Change& change) {
        const Actor& actor = change.owner->actor;
        return std::tuple(actor.pid, actor.number, known_of(change).descriptor.fd);
    };
    return key(a) < key(b);
}

void Ledger::publish_losses(Now now, EventSink& sink) {
    const auto by_process = [](const Missed& a, const Missed& b) {
        return std::tuple(a.owner->actor.pid, a.owner->actor.number) <
               std::tuple(b.owner->actor.pid, b.owner->actor.number);
    };
    if (losses_.size() > 1) std::stable_sort(losses_.begin(), losses_.end(), by_process);
    for (Missed& missed : losses_) {
        Event event = event_of(EventKind::lost, now, *missed.owner);
        event.change = std::move(missed.loss);
        sink.accept(std::move(event));
    }
    losses_.clear();
}

void Ledger::publish_closes(Now now, EventSink& sink) {
    std::sort(closes_.begin(), closes_.end(),
              [](const Close& a, const Close& b) { return comes_before(a.change, b.change); });
    for (const Close& close : closes_) {
        const auto [owner, slot] = close.change;
        KnownFd known = owner->known.remove(slot);
        if (known.untold) continue;
        if (!known.asked_at_close)
            known.descriptor.socket =
                as_closed(known.descriptor.type, std::move(known.descriptor.socket));
        Event event = event_of(EventKind::close, now, *owner);
        DescriptorChange& change = tell_of(event, known);
        change.opened = known.opened.wall;
        change.at_exit = close.closing == Closing::at_exit;
        change.totals = known.totals;
        if (!known.initial) change.held = now.steady - known.opened.steady;
        sink.accept(std::move(event));
    }
    closes_.clear();
}

void Ledger::publish_opens(EventSink& sink) {
    // As nearly always, also where a first look has found fifty thousand.
    const bool in_order = std::is_sorted(opens_.begin(), opens_.end(), comes_before);
    if (!in_order) std::sort(opens_.begin(), opens_.end(), comes_before);
    for (const Change& open : opens_) {
        const KnownFd& known = known_of(open);
        if (known.untold) continue;
        Event event = event_of(EventKind::open, known.opened, *open.owner);
        DescriptorChange& change = tell_of(event, known);
        change.initial = known.initial;
        change.fd_limit = open.owner->fd_limit;
        sink.accept(std::move(event));
    }
    opens_.clear();
}

void Ledger::publish_renames(Now now, EventSink& sink) {
    std::sort(renames_.begin(), renames_.end(), [](const Renaming& a, const Renaming& b) {
        return comes_before(a.change, b.change);
    });
    for (Renaming& renaming : renames_) {
        if (known_of(renaming.change).untold) continue;
        Event event = event_of(EventKind::rename, now, *renaming.change.owner);
        tell_of(event, known_of(renaming.change)).old_name = std::move(renaming.old_name);
        sink.accept(std::move(event));
    }
    renames_.clear();
}

void Ledger::publish_progress(Now now, EventSink& sink) {
    std::sort(progress_.begin(), progress_.end(), [](const Progress& a, const Progress& b) {
        const int rank_of_a = rank_of(a.kind);
        const int rank_of_b = rank_of(b.kind);
        return rank_of_a != rank_of_b ? rank_of_a < rank_of_b : comes_before(a.change, b.change);
    });
    for (const Progress& step : progress_) {
        if (known_of(step.change).untold) continue;
        Event event = event_of(step.kind, now, *step.change.owner);
        tell_of(event, known_of(step.change));
        sink.accept(std::move(event));
    }
    progress_.clear();
}

}  // namespace logfia
