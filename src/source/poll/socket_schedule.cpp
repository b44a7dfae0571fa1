#include <logfia/base/trim.hpp>
#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/poll/socket_schedule.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

using About = SocketQuery::About;
using Copy = SocketQuery::Copy;
using Pause = SocketTimetable::Pause;
using Told = SocketQuery::Told;

constexpr Duration kTotalsPause = std::chrono::seconds(1);
constexpr int kTotalsALook = 64;

/// True for types of which a row tells as much as the socket itself.
bool is_told_by_tables(FdType type) {
    return is_in(type, FdGroup::tcp) || is_in(type, FdGroup::datagram);
}

bool is_tcp_connection(const Descriptor& descriptor) {
    return is_tcp_connection(descriptor.type, descriptor.socket.get());
}

/// A TCP socket in such a state may get another connection, or lose the one it has.
bool begins_anew(SocketState state) {
    return state == SocketState::close || state == SocketState::syn_sent ||
           state == SocketState::listen;
}

}  // namespace

SocketSchedule::SocketSchedule(BlockingAsker& asker, Duration interval,
                               SocketProbe::Options options)
    : asker_(asker), probe_(asker, options), pauses_(interval) {}

void SocketSchedule::add(WatchedProcess& watched, std::uint32_t slot, About about, Which which,
                         SteadyTime now) {
    const KnownFd& known = watched.known[slot];
    Pending pending{&watched, slot, which};
    pending.cpu = watched.clock.cpu;
    pending.before = known.descriptor.socket;
    SocketQuery query;
    query.process = &watched.process;
    query.access = &watched.socket_access;
    query.ticket = pending_.size();
    query.fd = known.descriptor.fd;
    query.inode = known.descriptor.inode.value_or(0);
    query.about = about;
    query.tables = watched.socket_timetable.may_read_for(slot, now) ? SocketQuery::Tables::now
                                                                    : SocketQuery::Tables::later;
    query.type = known.descriptor.type;
    query.info = known.descriptor.socket;
    query.cookie = known.cookie;
    if (probe_.add(std::move(query), now)) pending_.push_back(std::move(pending));
}

void SocketSchedule::ask_new(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    if (watched.known[slot].descriptor.inode) add(watched, slot, About::whole, Which::fresh, now);
}

void SocketSchedule::ask_due(WatchedProcess& watched, SteadyTime now) {
    SocketTimetable& timetable = watched.socket_timetable;
    if (!timetable.begin_look()) return;
    const bool by_copy = probe_.may_copy(watched.process, watched.socket_access, now);
    timetable.ask_due(
        watched.clock, by_copy ? SocketTimetable::By::copies : SocketTimetable::By::tables, turns_,
        pauses_, now,
        [&](std::uint32_t slot) { add(watched, slot, About::whole, Which::again, now); });
}

void SocketSchedule::ask_totals(WatchedProcess& watched, SteadyTime now) {
    if (probe_.tcp() == TcpDetails::left_out ||
        !probe_.may_copy(watched.process, watched.socket_access, now))
        return;
    WatchedProcess::TotalsRound& round = watched.totals_round;
    if (round.from < 0) {
        if (now < round.next) return;
        round.next = now + kTotalsPause;
        const auto then = std::exchange(round.cpu, watched.clock.cpu);
        if (!watched.clock.may_have_run_since(then)) return;
        round.from = 0;
    }
    const auto& entries = watched.snapshot.entries();
    auto entry = std::lower_bound(entries.begin(), entries.end(), round.from,
                                  [](const FdEntry& e, int fd) { return e.fd < fd; });
    for (int left = kTotalsALook; entry != entries.end() && left > 0; ++entry) {
        if (!is_tcp_connection(watched.known[entry->slot].descriptor)) continue;
        add(watched, entry->slot, About::totals, Which::again, now);
        --left;
    }
    round.from = entry == entries.end() ? -1 : entry->fd;
}

void SocketSchedule::ask_state(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    const About about = may_copy(watched, now) ? About::totals : About::whole;
    add(watched, slot, about, Which::again, now);
}

void SocketSchedule::answer(const ProcRoot& root, SteadyTime now, WatchedProcesses processes) {
    progress_.clear();
    connected_.clear();
    if (!pending_.empty()) {
        const std::span<SocketQuery> queries = probe_.ask(root, now);
        for (const SocketQuery& query : queries) use(query, now);
        use_shared(queries, processes, now);
        const std::span<const SocketQuery> rest = probe_.look_up(root);
        pauses_.note_rows(probe_.rows_last_read());
        for (const SocketQuery& query : rest) use(query, now);
        probe_.clear();
        clear_and_trim(pending_);
    }
    turns_.begin_next();
}

/// Notes what is known now, and ends the question if no further answer will come.
void SocketSchedule::use(const SocketQuery& query, SteadyTime now) {
    if (query.about == About::totals) return use_totals(query, now);
    const Pending& pending = pending_[query.ticket];
    KnownFd& known = pending.process->known[pending.slot];
    known.descriptor.type = query.type;
    known.descriptor.socket = query.info;
    note_hangup(pending);
    if (query.stage != SocketQuery::Stage::done) return;
    switch (query.told) {
        case Told::nothing:
            if (query.copy == Copy::postponed) keep(query, Pause::longer, now);
            return;
        case Told::hint:
            if (query.copy == Copy::stalled) keep(query, Pause::longer, now);
            return;
        case Told::copy:
        case Told::copy_without_peer:
            known.cookie = query.cookie;
            if (is_tcp_connection(known.descriptor)) known.totals = query.totals;
            return conclude(query, pending.before.get(), now);
        case Told::another:
            return conclude(query, nullptr, now);
        case Told::table:
            return conclude(query, pending.before.get(), now);
    }
}

void SocketSchedule::use_totals(const SocketQuery& query, SteadyTime now) {
    if (query.copy != Copy::answered) return;
    const Pending& pending = pending_[query.ticket];
    KnownFd& known = pending.process->known[pending.slot];
    if (query.totals && probe_.tcp() == TcpDetails::wanted) known.totals = query.totals;
    auto& info = known.descriptor.socket;
    if (!info || info->state == query.state) return;
    // The socket may have another connection, or none, so its peer is asked for as well.
    if (begins_anew(info->state) || begins_anew(query.state)) {
        pending.process->known[pending.slot].hung_up = false;
        return keep(query, Pause::first, now);
    }
    SocketInfo changed = *info;
    changed.state = query.state;
    info = std::make_shared<const SocketInfo>(std::move(changed));
    note_hangup(pending);
}

/// Tells once of each descriptor that its connection is half closed, however that became known.
void SocketSchedule::note_hangup(const Pending& pending) {
    if (hangups_ == Hangups::left_out) return;
    KnownFd& known = pending.process->known[pending.slot];
    if (known.hung_up || !is_tcp_connection(known.descriptor) ||
        known.descriptor.socket->state != SocketState::close_wait)
        return;
    known.hung_up = true;
    progress_.push_back({pending.process, pending.slot, EventKind::hangup});
}

/// Describes new sockets that have not answered, from other known descriptors of them.
void SocketSchedule::use_shared(std::span<SocketQuery> queries, WatchedProcesses processes,
                                SteadyTime now) {
    const auto lacks = [this](const SocketQuery& query) {
        return pending_[query.ticket].which == Which::fresh && lacks_answer(query);
    };
    if (std::none_of(queries.begin(), queries.end(), lacks)) return;
    holders_.begin(processes, turns_.turn());
    for (const SocketQuery& query : queries) {
        const Pending& pending = pending_[query.ticket];
        if (lacks(query)) holders_.will_find(query.inode);
        if (query.stage == SocketQuery::Stage::table)
            holders_.add_unanswered(*pending.process, pending.slot);
    }
    for (SocketQuery& query : queries) {
        const Pending& pending = pending_[query.ticket];
        if (!lacks(query)) continue;
        const auto shared = holders_.find(*pending.process, pending.slot, query.inode);
        if (!shared) continue;
        describe_as(query, *shared);
        use(query, now);
    }
    holders_.end();
}

/// Says what the socket has become, and whether it is asked again.
void SocketSchedule::conclude(const SocketQuery& query, const SocketInfo* before, SteadyTime now) {
    const Pending& pending = pending_[query.ticket];
    const SocketInfo* after = query.info.get();
    const bool changed = after != before && (!after || !before || *after != *before);
    if (pending.which == Which::again)
        if (const auto kind = socket_progress(before, after))
            progress_.push_back({pending.process, pending.slot, *kind});
    if ((changed || pending.which == Which::fresh) && has_lasting_peer(query.type, after))
        connected_.push_back({pending.process, pending.slot});
    const bool unanswered = query.copy == Copy::failed || query.copy == Copy::postponed;
    const bool lacks_some = query.copy == Copy::stalled && !is_told_by_tables(query.type);
    if (unanswered || lacks_some || may_still_change(query.type, after))
        keep(query, changed ? Pause::first : Pause::longer, now);
    else
        pending.process->socket_timetable.forget(pending.slot);
}

void SocketSchedule::keep(const SocketQuery& query, Pause pause, SteadyTime now) {
    const Pending& pending = pending_[query.ticket];
    SocketTimetable& timetable = pending.process->socket_timetable;
    const bool unanswered = query.copy == Copy::failed || query.copy == Copy::postponed ||
                            query.told == Told::copy_without_peer;
    timetable.keep(pending.slot, turns_.turn(), unanswered ? std::nullopt : pending.cpu, now);
    if (query.told == Told::table) timetable.pause_readings(pending.slot, pause, pauses_, now);
    if (query.told == Told::copy_without_peer) timetable.owe_reading(pending.slot);
}

void SocketSchedule::finish(KnownFd& closed) {
    closed.totals =
        probe_.final_totals(closed.cookie, closed.descriptor.socket.get(), closed.totals);
}

const char* SocketSchedule::new_notice() {
    const bool told = std::exchange(exhaustion_told_, asker_.exhausted());
    if (told || !exhaustion_told_) return nullptr;
    return "the kernel is holding up too many of logfia's queries: until it answers some, no "
           "socket is queried directly";
}

}  // namespace logfia
