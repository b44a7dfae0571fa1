// The part of SocketAsker that describes a socket as somebody else knows it who has it open too: an
// open file description is shared (fork(2), unix(7)), and so is all that is true of it.

#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/poll/socket_asker.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

/// Empties it; what one look needed beyond measure is given back.
template <class T>
void let_go(std::vector<T>& list) {
    constexpr std::size_t kKept = 1000;
    list.clear();
    if (list.capacity() > kKept) list.shrink_to_fit();
}

bool is_described(const Descriptor& descriptor) {
    return is_in(descriptor.type, FdGroup::socket) &&
           (descriptor.type != FdType::socket ||
            (descriptor.socket != nullptr && !descriptor.socket->family.empty()));
}

}  // namespace

bool SocketAsker::lacks_answer(const Asked& asked) {
    return !asked.again && !asked.answered && asked.question != BlockingRequest::Question::targets;
}

void SocketAsker::take_shared(Processes processes, SteadyTime now) {
    bool noted = false;
    bool indexed = false;
    for (Asked& asked : asked_) {
        if (!lacks_answer(asked)) continue;
        std::optional<Holder> holder = parent_of(asked, processes);
        if (!std::exchange(noted, true)) note_who_awaits_a_row();
        if (!holder) {
            if (!std::exchange(indexed, true)) index_holders(processes);
            holder = holder_of(asked);
        }
        if (holder) describe_as(asked, *holder, now);
    }
    let_go(holders_);
    let_go(awaiting_rows_);
}

/// What is known of those is no answer of this look.
void SocketAsker::note_who_awaits_a_row() {
    for (const Asked& asked : asked_)
        if (asked.by_table) awaiting_rows_.emplace_back(asked.process->actor.number, asked.slot);
    std::sort(awaiting_rows_.begin(), awaiting_rows_.end());
}

/// Finds the same socket at the same number in the parent of its process.
std::optional<SocketAsker::Holder> SocketAsker::parent_of(const Asked& asked, Processes processes) {
    const auto& ancestors = asked.process->origin.ancestors;
    if (ancestors.empty()) return std::nullopt;
    const pid_t parent = ancestors.front().pid;
    const int fd = asked.process->known[asked.slot].descriptor.fd;
    auto at =
        std::lower_bound(processes.begin(), processes.end(), parent,
                         [](const auto& held, pid_t pid) { return held->process.pid() < pid; });
    for (; at != processes.end() && (*at)->process.pid() == parent; ++at) {
        const FdEntry* entry = (*at)->snapshot.find(fd);
        if (entry == nullptr) continue;
        const Descriptor& theirs = (*at)->known[entry->slot].descriptor;
        if (theirs.inode == asked.wanted.inode && is_described(theirs))
            return Holder{asked.wanted.inode, at->get(), entry->slot};
    }
    return std::nullopt;
}

/// Makes an index for one look, of no more than the sockets that are wanted in it: an index of all
/// that are known would have to go along with each open and each close.
void SocketAsker::index_holders(Processes processes) {
    std::vector<std::uint64_t> wanted;
    for (const Asked& asked : asked_)
        if (lacks_answer(asked)) wanted.push_back(asked.wanted.inode);
    std::sort(wanted.begin(), wanted.end());
    for (const auto& watched : processes) {
        for (std::uint32_t slot = 0; slot < watched->known.size(); ++slot) {
            const Descriptor& descriptor = watched->known[slot].descriptor;
            if (descriptor.inode && is_described(descriptor) &&
                std::binary_search(wanted.begin(), wanted.end(), *descriptor.inode))
                holders_.push_back({*descriptor.inode, watched.get(), slot});
        }
    }
    std::sort(holders_.begin(), holders_.end(),
              [](const Holder& a, const Holder& b) { return a.inode < b.inode; });
}

std::optional<SocketAsker::Holder> SocketAsker::holder_of(const Asked& asked) const {
    std::optional<Holder> found;
    auto at = std::lower_bound(
        holders_.begin(), holders_.end(), asked.wanted.inode,
        [](const Holder& holder, std::uint64_t inode) { return holder.inode < inode; });
    for (; at != holders_.end() && at->inode == asked.wanted.inode; ++at) {
        if (at->process == asked.process && at->slot == asked.slot) continue;
        if (!found || is_up_to_date(*at)) found = *at;
        if (is_up_to_date(*found)) break;
    }
    return found;
}

/// True when nothing more can come of the socket, or it was asked after its process had run the
/// last time. Of a descriptor that was closed in this look nothing is known since.
bool SocketAsker::is_up_to_date(const Holder& holder) const {
    WatchedProcess& watched = *holder.process;
    const KnownFd& known = watched.known[holder.slot];
    const FdEntry* open = watched.snapshot.find(known.descriptor.fd);
    if (watched.ended || open == nullptr || open->slot != holder.slot) return false;
    if (std::binary_search(awaiting_rows_.begin(), awaiting_rows_.end(),
                           std::pair(watched.actor.number, holder.slot)))
        return false;
    const std::uint32_t index = known.question;
    if (index == KnownFd::kNoQuestion) return true;
    const SocketQuestion& question = watched.questions[index];
    if (!question.cpu) return false;
    return question.turn == turn_ || !clock_of(watched).has_run_since(question.cpu);
}

void SocketAsker::describe_as(Asked& asked, const Holder& holder, SteadyTime now) {
    const Descriptor& theirs = holder.process->known[holder.slot].descriptor;
    Descriptor& ours = asked.process->known[asked.slot].descriptor;
    const bool up_to_date = is_up_to_date(holder);
    ours.type = asked.wanted.hint = theirs.type;
    ours.socket = without_peer(asked.process->process.pid(), theirs.socket);
    if (!up_to_date) ours.socket = outdated(ours.type, std::move(ours.socket));
    // A table may know better than a description that may be wrong by now.
    const bool certain = ours.socket && !ours.socket->outdated;
    if (asked.by_table && !certain) return;
    asked.by_table = false;
    asked.done = true;
    go_on(asked, nullptr, now);
}

}  // namespace logfia
