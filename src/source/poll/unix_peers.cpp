#include <logfia/base/trim.hpp>
#include <logfia/source/poll/unix_peers.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace logfia {
namespace {

template <class T>
void sort_and_unite(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

bool by_inode(const UnixDiag::Question& a, const UnixDiag::Question& b) {
    return a.inode < b.inode;
}

PeerProcess seen_to_have_it(const WatchedProcess& process) {
    return {process.actor.pid, process.actor.comm, false};
}

}  // namespace

bool UnixPeers::has_lasting_peer(FdType type, const SocketInfo* info) {
    if (type != FdType::unix_socket || info == nullptr || info->state != SocketState::established)
        return false;
    return info->kind != "dgram" || (info->peer && info->peer_path.empty());
}

void UnixPeers::name(std::span<const End> connected, WatchedProcesses processes, Ledger& ledger) {
    pairs_.clear();
    if (!connected.empty()) ask(connected);
    ledger.for_each_closed([this](const DescriptorOwner&, const KnownFd& known) {
        if (known.peer_inode != 0) pairs_.push_back({*known.descriptor.inode, known.peer_inode});
    });
    if (pairs_.empty()) return;
    sort_and_unite(pairs_);
    index(processes);
    name_makers();
    for (const Pair& pair : pairs_) {
        const Holders ours = holders_of(pair.inode);
        const Holders theirs = holders_of(pair.peer);
        for (const Holder& one : ours)
            name_peer(*one.process, one.process->known[one.slot], theirs);
        for (const Holder& one : theirs) {
            one.process->known[one.slot].peer_inode = pair.inode;
            name_peer(*one.process, one.process->known[one.slot], ours);
        }
    }
    ledger.for_each_closed([this](const DescriptorOwner& owner, KnownFd& known) {
        if (known.peer_inode != 0) name_peer(owner, known, holders_of(known.peer_inode));
    });
    let_go();
}

/// Asks for the other ends, and notes the pairs.
void UnixPeers::ask(std::span<const End> connected) {
    questions_.clear();
    for (const End& end : connected)
        questions_.push_back({end.process->known[end.slot].descriptor.inode.value_or(0), 0});
    std::sort(questions_.begin(), questions_.end(), by_inode);
    diag_.ask(questions_);
    for (const End& end : connected) {
        KnownFd& known = end.process->known[end.slot];
        const UnixDiag::Question key{known.descriptor.inode.value_or(0), 0};
        const auto at = std::lower_bound(questions_.begin(), questions_.end(), key, by_inode);
        if (at->peer == 0) continue;
        known.peer_inode = at->peer;
        pairs_.push_back({at->inode, at->peer});
    }
}

/// Makes an index for one look, only of the sockets wanted in it, as SocketHolders does.
void UnixPeers::index(WatchedProcesses processes) {
    wanted_.clear();
    holders_.clear();
    for (const Pair& pair : pairs_) wanted_.insert(wanted_.end(), {pair.inode, pair.peer});
    sort_and_unite(wanted_);
    for (const auto& watched : processes) {
        if (watched->ended || watched->sockets == 0) continue;
        for (const FdEntry& entry : watched->snapshot.entries()) {
            const Descriptor& descriptor = watched->known[entry.slot].descriptor;
            if (is_in(descriptor.type, FdGroup::socket) && descriptor.inode &&
                std::binary_search(wanted_.begin(), wanted_.end(), *descriptor.inode))
                holders_.push_back({*descriptor.inode, watched.get(), entry.slot});
        }
    }
    // Holders of one socket stay in the order of their processes.
    std::stable_sort(holders_.begin(), holders_.end(),
                     [](const Holder& a, const Holder& b) { return a.inode < b.inode; });
}

UnixPeers::Holders UnixPeers::holders_of(std::uint64_t inode) const {
    const auto first = std::lower_bound(
        holders_.begin(), holders_.end(), inode,
        [](const Holder& one, std::uint64_t number) { return one.inode < number; });
    auto last = first;
    while (last != holders_.end() && last->inode == inode) ++last;
    return {first, last};
}

/// Names the process that has the other end. Of several, which have it since a fork(2), only the
/// one that was named before or that made it counts: the others may know nothing of it. Where
/// nobody that is watched has it, the last answer stays.
void UnixPeers::name_peer(const DescriptorOwner& owner, KnownFd& known, Holders ends) {
    const auto& info = known.descriptor.socket;
    if (ends.empty() || info == nullptr) return;
    const WatchedProcess* first = nullptr;
    const WatchedProcess* named = nullptr;
    bool several = false;
    for (const Holder& one : ends) {
        if (one.process == &owner) continue;
        several = several || (first != nullptr && first != one.process);
        if (first == nullptr) first = one.process;
        if (info->peer && info->peer->pid == one.process->actor.pid) named = one.process;
    }
    if (several && named == nullptr && info->peer && info->peer->made_by) return;
    const WatchedProcess* const chosen = several ? named : first;
    const auto peer = chosen == nullptr ? std::nullopt : std::optional(seen_to_have_it(*chosen));
    if (info->peer == peer) return;
    SocketInfo changed = *info;
    if (info->peer && info->peer->made_by) changed.peer_maker = info->peer;
    changed.peer = peer;
    known.descriptor.socket = std::make_shared<const SocketInfo>(std::move(changed));
}

/// Where the last watched process that had one end has closed it, and the connection lives on, a
/// process that is not watched has it: whoever had it is no fact any more, but the maker is.
void UnixPeers::name_makers() {
    questions_.clear();
    for (const Pair& pair : pairs_) {
        if (holders_of(pair.inode).empty()) questions_.push_back({pair.peer, 0});
        if (holders_of(pair.peer).empty()) questions_.push_back({pair.inode, 0});
    }
    std::erase_if(questions_, [this](const UnixDiag::Question& question) {
        const Holders ends = holders_of(question.inode);
        return std::none_of(ends.begin(), ends.end(), [](const Holder& one) {
            const auto& info = one.process->known[one.slot].descriptor.socket;
            return info != nullptr && info->peer && !info->peer->made_by;
        });
    });
    if (questions_.empty()) return;
    std::sort(questions_.begin(), questions_.end(), by_inode);
    diag_.ask(questions_);
    for (const UnixDiag::Question& question : questions_) {
        if (question.peer == 0) continue;  // everybody has closed the other end
        for (const Holder& one : holders_of(question.inode)) {
            auto& info = one.process->known[one.slot].descriptor.socket;
            if (info == nullptr || !info->peer || info->peer->made_by) continue;
            SocketInfo changed = *info;
            changed.peer = std::exchange(changed.peer_maker, std::nullopt);
            info = std::make_shared<const SocketInfo>(std::move(changed));
        }
    }
}

void UnixPeers::let_go() {
    clear_and_trim(questions_);
    clear_and_trim(pairs_);
    clear_and_trim(wanted_);
    clear_and_trim(holders_);
}

}  // namespace logfia
