#include <logfia/socket/network_namespace.hpp>
#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/poll/socket_asker.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace logfia {
namespace {

using Question = BlockingRequest::Question;
using Outcome = BlockingRequest::Outcome;

constexpr Duration kSamplePause = std::chrono::seconds(1);
constexpr int kSamplesALook = 64;
constexpr std::size_t kKept = 1000;
constexpr std::size_t kAtOnce = 128;  // questions: ten thousand need no memory that stays

/// True of types of which a row tells as much as the socket itself.
bool is_told_by_tables(FdType type) {
    return is_in(type, FdGroup::tcp) || is_in(type, FdGroup::datagram);
}

/// Keeps a peer that only a table tells until one is read again: nothing says that it is lost.
void keep_hidden_peer(SocketInfo& now, const SocketInfo* before) {
    if (before == nullptr || !before->remote || before->remote->port != 0) return;
    if (before->local != now.local) return;
    now.remote = before->remote;
    if (now.state == SocketState::unknown) now.state = before->state;
}

}  // namespace

/// A thread that still waits would only be joined by another one.
bool SocketAsker::is_stalled(const WatchedProcess& watched, const Stall& stall,
                             SteadyTime now) const {
    return stall.has_been() &&
           (stall.holds(now) || asker_.is_kept_waiting_by(watched.actor.number));
}

bool SocketAsker::asks_copies(const WatchedProcess& watched, SteadyTime now) const {
    return options_.copies == Copies::allowed && watched.socket_way == SocketWay::copies &&
           watched.process.may_be_copied_from() && !is_stalled(watched, watched.socket_stall, now);
}

Question SocketAsker::whole_question() const {
    return options_.tcp == TcpDetails::wanted ? Question::with_totals : Question::all;
}

bool SocketAsker::push(WatchedProcess& watched, std::uint32_t slot, Question question, bool again,
                       SteadyTime now) {
    const Descriptor& descriptor = watched.known[slot].descriptor;
    Asked asked{&watched, slot, question, again};
    asked.wanted.inode = descriptor.inode.value_or(0);
    const bool same_as_last = !asked_.empty() && asked_.back().process == &watched;
    asked.cpu = same_as_last ? asked_.back().cpu : watched.process.cpu_time();
    // Of a process that is not held, the directory is closed when the answers come.
    asked.network = same_as_last                   ? asked_.back().network
                    : watched.process.pidfd() >= 0 ? 0
                                                   : logfia::network_of(watched.process);
    if (question != Question::targets && !asks_copies(watched, now)) {
        asked.stalled = is_stalled(watched, watched.socket_stall, now);
        turn_to_tables(asked);
    }
    if (asked.done) return false;
    asked_.push_back(std::move(asked));
    return true;
}

void SocketAsker::ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    if (watched.known[slot].descriptor.inode) push(watched, slot, whole_question(), false, now);
}

void SocketAsker::ask_targets(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    if (!is_stalled(watched, watched.target_stall, now))
        push(watched, slot, Question::targets, false, now);
}

void SocketAsker::sample(WatchedProcess& watched, SteadyTime now) {
    if (options_.tcp == TcpDetails::left_out || !asks_copies(watched, now)) return;
    if (watched.sampling_from < 0) {
        if (now < watched.next_sample) return;
        watched.next_sample = now + kSamplePause;
        const auto cpu = watched.process.cpu_time();
        if (cpu && cpu == std::exchange(watched.sampled_cpu, cpu)) return;
        watched.sampling_from = 0;
    }
    const auto& entries = watched.snapshot.entries();
    auto entry = std::lower_bound(entries.begin(), entries.end(), watched.sampling_from,
                                  [](const FdEntry& e, int fd) { return e.fd < fd; });
    for (int left = kSamplesALook; entry != entries.end() && left > 0; ++entry) {
        const KnownFd& known = watched.known[entry->slot];
        if (!is_tcp_connection(known.descriptor)) continue;
        push(watched, entry->slot, Question::totals, true, now);
        --left;
    }
    watched.sampling_from = entry == entries.end() ? -1 : entry->fd;
}

void SocketAsker::finish(KnownFd& closed) {
    auto totals = closed.cookie != 0 ? ends_.totals_of(closed.cookie) : std::nullopt;
    if (closed.cookie != 0) ends_.forget(closed.cookie);
    if (!totals) {
        // The connection was asked when it was new, and not again.
        if (closed.totals && closed.totals->bytes_sent + closed.totals->bytes_received == 0)
            closed.totals.reset();
        return;
    }
    const SocketInfo* socket = closed.descriptor.socket.get();
    const auto& known = closed.totals;
    if (known && known->data_segments_received == totals->data_segments_received)
        totals->bytes_received = known->bytes_received;
    else if (socket != nullptr && has_seen_the_end(socket->state) && totals->bytes_received > 0)
        --totals->bytes_received;
    closed.totals = totals;
}

const char* SocketAsker::take_notice() {
    const bool told = std::exchange(exhaustion_told_, asker_.exhausted());
    if (told || !exhaustion_told_) return nullptr;
    return "the kernel keeps too many of our questions waiting: until it answers some, no socket "
           "is asked itself";
}

void SocketAsker::answer(const ProcRoot& root, SteadyTime now, Processes processes) {
    progress_.clear();
    if (!asked_.empty()) answer_all(root, now, processes);
    begin_next_turn();
}

void SocketAsker::answer_all(const ProcRoot& root, SteadyTime now, Processes processes) {
    // What may not be asked itself is asked for a hint in the second round.
    for (int round = 0; round < 2; ++round) ask_round(root, now);
    take_shared(processes, now);
    answer_by_tables(root, now);
    asked_.clear();
    if (asked_.capacity() > kKept) asked_.shrink_to_fit();
}

void SocketAsker::ask_round(const ProcRoot& root, SteadyTime now) {
    const auto is_open = [](const Asked& asked) { return !asked.by_table && !asked.done; };
    for (auto first = asked_.begin(); first != asked_.end();) {
        requests_.clear();
        auto last = first;
        for (; last != asked_.end() && requests_.size() < kAtOnce; ++last)
            if (is_open(*last)) request(*last, root.fd());
        questions_put_ += requests_.size();
        asker_.ask(requests_);
        auto answer = requests_.begin();
        for (; first != last; ++first)
            if (is_open(*first)) take(*first, *answer++, now);
        pidfds_.clear();
        pidfd_owner_ = nullptr;
    }
}

void SocketAsker::request(const Asked& asked, int proc_fd) {
    const WatchedProcess& watched = *asked.process;
    BlockingRequest& request = requests_.emplace_back();
    request.fd = asked.process->known[asked.slot].descriptor.fd;
    request.inode = asked.wanted.inode;
    request.proc_fd = proc_fd;
    request.process = watched.process.path();
    request.question = asked.question;
    request.owner = watched.actor.number;
    if (asked.question != Question::hint && asked.question != Question::targets)
        request.pidfd = pidfd_of(watched);
}

/// The pidfd that the process holds, or else one for this turn: the inode numbers of the sockets
/// tell whether the PID is still that process's.
int SocketAsker::pidfd_of(const WatchedProcess& watched) {
    if (watched.process.pidfd() >= 0) return watched.process.pidfd();
    if (pidfd_owner_ != &watched)
        pidfds_.emplace_back(static_cast<int>(syscall(SYS_pidfd_open, watched.process.pid(), 0)));
    pidfd_owner_ = &watched;
    return pidfds_.back().get();
}

void SocketAsker::take(Asked& asked, BlockingRequest& request, SteadyTime now) {
    WatchedProcess& watched = *asked.process;
    if (asked.question == Question::targets) {
        asked.done = true;
        return take_targets(asked, request, now);
    }
    if (asked.question == Question::hint) return take_hint(asked, request, now);
    if (request.outcome == Outcome::answered) {
        asked.done = asked.answered = true;
        if (asked.question == Question::totals) return take_totals(asked, request.answer, now);
        return take_socket(asked, request.answer, now);
    }
    if (request.outcome == Outcome::forbidden) watched.socket_way = SocketWay::tables;
    asked.stalled = request.outcome == Outcome::stuck;
    if (asked.stalled) watched.socket_stall.note(now);
    asked.unanswered = request.outcome == Outcome::failed || request.outcome == Outcome::closed;
    asked.done = asked.question == Question::totals || request.outcome == Outcome::closed;
    if (asked.again && !asked.done && !may_read_for(asked, now))
        asked.done = asked.unanswered = true;
    if (!asked.done) return turn_to_tables(asked);
    // The next look will tell whether it is closed; if not, the first thread alone has ended.
    if (asked.question != Question::totals) keep_asking(asked, Pause::longer, now);
}

void SocketAsker::take_socket(Asked& asked, SocketAnswer& answer, SteadyTime now) {
    WatchedProcess& watched = *asked.process;
    // Both ends of a pair are its own.
    if (answer.info.peer && answer.info.peer->pid == watched.process.pid())
        answer.info.peer.reset();
    KnownFd& known = watched.known[asked.slot];
    const auto before = known.descriptor.socket;
    known.descriptor.type = answer.type;
    if (answer.peer_may_be_hidden) keep_hidden_peer(answer.info, before.get());
    if (!before || *before != answer.info)
        known.descriptor.socket = std::make_shared<const SocketInfo>(std::move(answer.info));
    asked.owes_reading = answer.peer_may_be_hidden && !may_read_for(asked, now);
    if (answer.peer_may_be_hidden && !asked.owes_reading) {
        asked.done = false;
        asked.by_table = asked.hidden_peer = true;
        asked.wanted.hint = answer.type;
        asked.before = before;
        asked.zone = std::move(answer.zone);
        return;
    }
    if (!is_tcp_connection(known.descriptor)) return go_on(asked, before.get(), now);
    known.totals = answer.totals;
    if (answer.cookie != 0 && known.cookie == 0 && is_in_our_network(asked))
        ends_.follow(known.cookie = answer.cookie);
    go_on(asked, before.get(), now);
}

/// The kernel tells us of the ends of sockets of our own network namespace alone.
bool SocketAsker::is_in_our_network(Asked& asked) {
    if (!own_network_) own_network_ = our_network();
    return *own_network_ != 0 && network_of(asked) == *own_network_;
}

std::uint64_t SocketAsker::network_of(Asked& asked) {
    if (asked.network == 0) asked.network = logfia::network_of(asked.process->process);
    return asked.network;
}

void SocketAsker::take_totals(Asked& asked, const SocketAnswer& answer, SteadyTime now) {
    KnownFd& known = asked.process->known[asked.slot];
    if (answer.totals) known.totals = answer.totals;
    auto& info = known.descriptor.socket;
    if (!info || info->state == answer.info.state) return;
    // The socket may have another connection, or none: its peer is asked for as well.
    const auto begins_anew = [](SocketState state) {
        return state == SocketState::close || state == SocketState::syn_sent ||
               state == SocketState::listen;
    };
    if (begins_anew(info->state) || begins_anew(answer.info.state))
        return keep_asking(asked, Pause::first, now);
    SocketInfo changed = *info;
    changed.state = answer.info.state;
    info = std::make_shared<const SocketInfo>(std::move(changed));
}

void SocketAsker::take_hint(Asked& asked, const BlockingRequest& request, SteadyTime now) {
    Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    if (request.outcome == Outcome::answered) descriptor.type = request.answer.type;
    const std::string_view family = request.answer.info.family;
    if (!family.empty()) {
        SocketInfo info;
        info.family = family;
        descriptor.socket = std::make_shared<const SocketInfo>(std::move(info));
    }
    asked.by_table = family.empty() && !is_in(descriptor.type, FdGroup::no_table);
    asked.done = !asked.by_table;
    asked.wanted.hint = descriptor.type;
    if (asked.done && asked.stalled) keep_asking(asked, Pause::longer, now);
}

void SocketAsker::take_targets(const Asked& asked, BlockingRequest& request, SteadyTime now) {
    WatchedProcess& watched = *asked.process;
    if (request.outcome == Outcome::stuck) watched.target_stall.note(now);
    if (request.outcome != Outcome::answered) return;
    Descriptor& descriptor = watched.known[asked.slot].descriptor;
    if (request.info.flags) {
        descriptor.flags = *request.info.flags;
        descriptor.access = access_of(*request.info.flags);
    }
    if (!request.object)
        descriptor.object = nullptr;
    else if (!descriptor.object || *descriptor.object != *request.object)
        descriptor.object = std::make_shared<const ObjectInfo>(std::move(*request.object));
}

/// What is not known yet is asked for a hint first.
void SocketAsker::turn_to_tables(Asked& asked) {
    const FdType type = asked.process->known[asked.slot].descriptor.type;
    if (!asked.again || type == FdType::socket) {
        asked.question = Question::hint;
        return;
    }
    asked.by_table = !is_in(type, FdGroup::no_table);
    asked.done = !asked.by_table;
    asked.wanted.hint = type;
}

/// Ends a question of this look, which has an answer or none.
void SocketAsker::go_on(Asked& asked, const SocketInfo* before, SteadyTime now) {
    const Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    const SocketInfo* after = descriptor.socket.get();
    const bool changed = after != before && (!after || !before || *after != *before);
    if (asked.again)
        if (const auto kind = socket_progress(before, after))
            progress_.push_back({asked.process, asked.slot, *kind});
    const bool lacks_some = asked.stalled && !is_told_by_tables(descriptor.type);
    if (asked.unanswered || lacks_some || may_still_change(descriptor.type, after))
        keep_asking(asked, changed ? Pause::first : Pause::longer, now);
    else
        forget(*asked.process, asked.slot);
}

}  // namespace logfia
