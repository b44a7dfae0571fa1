#include <logfia/base/trim.hpp>
#include <logfia/source/poll/socket_holders.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

bool is_described(const Descriptor& descriptor) {
    return is_in(descriptor.type, FdGroup::socket) &&
           (descriptor.type != FdType::socket ||
            (descriptor.socket != nullptr && !descriptor.socket->family.empty()));
}

}  // namespace

void SocketHolders::begin(WatchedProcesses processes, std::uint32_t turn) {
    processes_ = processes;
    turn_ = turn;
    sorted_ = indexed_ = false;
}

void SocketHolders::end() {
    index_.clear();
    clear_and_trim(unanswered_);
}

std::optional<SharedSocket> SocketHolders::find(const WatchedProcess& process, std::uint32_t slot,
                                                std::uint64_t inode) {
    if (!std::exchange(sorted_, true)) std::sort(unanswered_.begin(), unanswered_.end());
    auto holder = parent_of(process, process.known[slot].descriptor.fd, inode);
    if (!holder) {
        if (!std::exchange(indexed_, true)) index_.build(processes_, HolderIndex::Closed::included);
        holder = any_but(process, slot, inode);
    }
    if (!holder) return std::nullopt;
    const Descriptor& descriptor = holder->process->known[holder->slot].descriptor;
    return SharedSocket{descriptor.type, descriptor.socket, is_up_to_date(*holder)};
}

/// Finds the same socket at the same number in the parent of its process.
std::optional<SocketHolders::Holder> SocketHolders::parent_of(const WatchedProcess& process, int fd,
                                                              std::uint64_t inode) const {
    const auto& ancestors = process.origin.ancestors;
    if (ancestors.empty()) return std::nullopt;
    const pid_t parent = ancestors.front().pid;
    auto at =
        std::lower_bound(processes_.begin(), processes_.end(), parent,
                         [](const auto& held, pid_t pid) { return held->process.pid() < pid; });
    for (; at != processes_.end() && (*at)->process.pid() == parent; ++at) {
        const FdEntry* entry = (*at)->snapshot.find(fd);
        if (entry == nullptr) continue;
        const Descriptor& theirs = (*at)->known[entry->slot].descriptor;
        if (theirs.inode == inode && is_described(theirs))
            return Holder{inode, at->get(), entry->slot};
    }
    return std::nullopt;
}

std::optional<SocketHolders::Holder> SocketHolders::any_but(const WatchedProcess& process,
                                                            std::uint32_t slot,
                                                            std::uint64_t inode) const {
    std::optional<Holder> found;
    for (const Holder& one : index_.of(inode)) {
        if (one.process == &process && one.slot == slot) continue;
        if (!is_described(one.process->known[one.slot].descriptor)) continue;
        if (is_up_to_date(one)) return one;
        if (!found) found = one;
    }
    return found;
}

/// True when the socket cannot change any more, or was asked after its process last ran. Never true
/// of a descriptor that was closed in this look.
bool SocketHolders::is_up_to_date(const Holder& holder) const {
    const WatchedProcess& watched = *holder.process;
    if (!is_open(watched, holder.slot)) return false;
    if (std::binary_search(unanswered_.begin(), unanswered_.end(),
                           std::pair(watched.actor.number, holder.slot)))
        return false;
    const SocketTimetable::Question* question = watched.socket_timetable.find(holder.slot);
    if (question == nullptr) return true;
    if (!question->cpu) return false;
    return question->turn == turn_ || !watched.may_have_run_since(question->cpu);
}

}  // namespace logfia
