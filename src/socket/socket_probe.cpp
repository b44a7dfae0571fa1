#include <logfia/base/trim.hpp>
#include <logfia/socket/network_namespace.hpp>
#include <logfia/socket/socket_probe.hpp>
#include <logfia/socket/socket_progress.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace logfia {
namespace {

using About = SocketQuery::About;
using Copy = SocketQuery::Copy;
using Outcome = BlockingRequest::Outcome;
using Question = BlockingRequest::Question;
using Stage = SocketQuery::Stage;
using Told = SocketQuery::Told;

constexpr std::size_t kAtOnce = 64;  // questions: ten thousand need no memory that stays

bool is_to_be_asked(const SocketQuery& query) {
    return query.stage == Stage::copy || query.stage == Stage::hint;
}

/// Asks for a hint first where nothing is known yet.
void turn_to_tables(SocketQuery& query) {
    if (query.type == FdType::socket)
        query.stage = Stage::hint;
    else
        query.stage = is_in(query.type, FdGroup::no_table) ? Stage::done : Stage::table;
}

void use_hint(SocketQuery& query, const BlockingRequest& request) {
    if (request.outcome == Outcome::answered) query.type = request.answer.type;
    const std::string_view family = request.answer.info.family;
    if (!family.empty()) {
        SocketInfo info;
        info.family = family;
        query.info = std::make_shared<const SocketInfo>(std::move(info));
    }
    const bool has_row = family.empty() && !is_in(query.type, FdGroup::no_table);
    query.stage = has_row ? Stage::table : Stage::done;
    query.told = Told::hint;
}

void use_totals(SocketQuery& query, const SocketAnswer& answer) {
    query.stage = Stage::done;
    query.told = Told::copy;
    query.state = answer.info.state;
    query.totals = answer.totals;
}

/// Keeps a peer that only a table shows until a table is read again: nothing says that the peer is
/// lost.
void keep_hidden_peer(SocketInfo& now, const SocketInfo* before) {
    if (before == nullptr || !before->remote || before->remote->port != 0) return;
    if (before->local != now.local) return;
    now.remote = before->remote;
    if (now.state == SocketState::unknown) now.state = before->state;
}

}  // namespace

void describe_as(SocketQuery& query, const SharedSocket& other) {
    query.type = other.type;
    query.info = without_peer(query.process->pid(), other.info);
    if (!other.up_to_date) query.info = outdated(query.type, std::move(query.info));
    const bool certain = query.info && !query.info->outdated;
    if (query.stage == Stage::table && !certain) return;
    query.stage = Stage::done;
    query.told = Told::another;
}

/// While a thread is still blocked, another thread would only be blocked too.
bool SocketProbe::is_stalled(const SocketAccess& access, SteadyTime now) const {
    return access.stall.has_been() &&
           (access.stall.holds(now) || asker_.is_kept_waiting_by(access.owner));
}

bool SocketProbe::may_copy(const Process& process, const SocketAccess& access,
                           SteadyTime now) const {
    return options_.copies == Copies::allowed && access.copies == SocketAccess::Copies::possible &&
           process.may_be_copied_from() && !is_stalled(access, now);
}

bool SocketProbe::add(SocketQuery query, SteadyTime now) {
    // The directory of a process that is not held is closed before the answers come.
    if (!queries_.empty() && queries_.back().process == query.process)
        query.network = queries_.back().network;
    else if (query.process->pidfd() < 0)
        query.network = network_of(*query.process);
    query.stage = Stage::copy;
    if (!may_copy(*query.process, *query.access, now)) {
        if (is_stalled(*query.access, now)) query.copy = Copy::stalled;
        turn_to_tables(query);
    }
    if (query.stage == Stage::done) return false;
    queries_.push_back(std::move(query));
    return true;
}

std::span<SocketQuery> SocketProbe::ask(const ProcRoot& root, SteadyTime now) {
    // The second round asks for hints about sockets that may not be asked themselves.
    for (int round = 0; round < 2; ++round) ask_round(root, now);
    return queries_;
}

void SocketProbe::ask_round(const ProcRoot& root, SteadyTime now) {
    for (auto first = queries_.begin(); first != queries_.end();) {
        requests_.clear();
        requests_.reserve(std::min<std::size_t>(kAtOnce, queries_.size()));
        auto last = first;
        for (; last != queries_.end() && requests_.size() < kAtOnce; ++last)
            if (is_to_be_asked(*last)) request(*last, root.fd());
        questions_put_ += requests_.size();
        asker_.ask(requests_);
        auto answer = requests_.begin();
        for (; first != last; ++first) {
            if (first->stage == Stage::copy)
                use_copy(*first, *answer++, now);
            else if (first->stage == Stage::hint)
                use_hint(*first, *answer++);
        }
        pidfds_.clear();
        pidfd_owner_ = nullptr;
    }
}

void SocketProbe::request(const SocketQuery& query, int proc_fd) {
    BlockingRequest& request = requests_.emplace_back();
    request.fd = query.fd;
    request.inode = query.inode;
    request.proc_fd = proc_fd;
    request.process = query.process->path();
    request.owner = query.access->owner;
    request.question = Question::hint;
    if (query.stage == Stage::hint) return;
    request.pidfd = pidfd_of(*query.process);
    const bool with_totals = options_.tcp == TcpDetails::wanted;
    request.question = query.about == About::totals ? Question::totals
                       : with_totals                ? Question::with_totals
                                                    : Question::all;
}

/// The pidfd that the process holds, or else one for this round: the inode numbers of the sockets
/// tell whether the PID still belongs to the process.
int SocketProbe::pidfd_of(const Process& process) {
    if (process.pidfd() >= 0) return process.pidfd();
    if (pidfd_owner_ != &process)
        pidfds_.emplace_back(static_cast<int>(syscall(SYS_pidfd_open, process.pid(), 0)));
    pidfd_owner_ = &process;
    return pidfds_.back().get();
}

void SocketProbe::use_copy(SocketQuery& query, BlockingRequest& request, SteadyTime now) {
    switch (request.outcome) {
        case Outcome::answered:
            query.copy = Copy::answered;
            if (query.about == About::totals) return use_totals(query, request.answer);
            return describe(query, request.answer);
        case Outcome::forbidden:
            query.access->copies = SocketAccess::Copies::refused;
            query.copy = Copy::none;
            break;
        case Outcome::stuck:
            query.access->stall.note(now);
            query.copy = Copy::stalled;
            break;
        case Outcome::failed:
            query.copy = Copy::failed;
            break;
        case Outcome::closed:
            query.copy = Copy::postponed;
            break;
    }
    // The next batch shows whether the number is closed; if not, only the first thread has ended.
    if (query.tables == SocketQuery::Tables::later) query.copy = Copy::postponed;
    if (query.about == About::totals || query.copy == Copy::postponed)
        query.stage = Stage::done;
    else
        turn_to_tables(query);
}

void SocketProbe::describe(SocketQuery& query, SocketAnswer& answer) {
    // A process is no peer of itself: both ends of a pair are its own.
    if (answer.info.peer && answer.info.peer->pid == query.process->pid()) answer.info.peer.reset();
    query.type = answer.type;
    if (query.type == FdType::unix_socket) keep_known_peer(answer.info, query.info.get());
    if (answer.peer_may_be_hidden) keep_hidden_peer(answer.info, query.info.get());
    if (!query.info || *query.info != answer.info)
        query.info = std::make_shared<const SocketInfo>(std::move(answer.info));
    if (answer.peer_may_be_hidden && query.tables == SocketQuery::Tables::now) {
        query.stage = Stage::table;
        query.zone = std::move(answer.zone);
        return;
    }
    query.stage = Stage::done;
    query.told = answer.peer_may_be_hidden ? Told::copy_without_peer : Told::copy;
    if (!is_tcp_connection(query.type, query.info.get())) return;
    query.totals = answer.totals;
    if (answer.cookie != 0 && query.cookie == 0 && is_in_our_network(query))
        ends_.follow(query.cookie = answer.cookie);
}

/// The kernel reports only the ends of sockets of our own network namespace.
bool SocketProbe::is_in_our_network(SocketQuery& query) {
    if (!own_network_) own_network_ = our_network();
    if (*own_network_ == 0) return false;
    if (query.network == 0) query.network = network_of(*query.process);
    return query.network == *own_network_;
}

std::optional<TcpTotals> SocketProbe::final_totals(std::uint64_t cookie, const SocketInfo* socket,
                                                   std::optional<TcpTotals> known) {
    auto totals = cookie != 0 ? ends_.totals_of(cookie) : std::nullopt;
    if (cookie != 0) ends_.forget(cookie);
    if (!totals) {
        // Empty totals: the connection was queried only when it was new.
        const bool empty = known && known->bytes_sent + known->bytes_received == 0;
        return empty ? std::nullopt : known;
    }
    if (known && known->data_segments_received == totals->data_segments_received)
        totals->bytes_received = known->bytes_received;
    else if (socket != nullptr && has_seen_the_end(socket->state) && totals->bytes_received > 0)
        --totals->bytes_received;
    return totals;
}

void SocketProbe::clear() {
    clear_and_trim(queries_);
}

}  // namespace logfia
