#include <logfia/base/trim.hpp>
#include <logfia/descriptor/peer_choice.hpp>
#include <logfia/source/poll/unix_peers.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace logfia {
namespace {

bool by_inode(const UnixDiag::Question& a, const UnixDiag::Question& b) {
    return a.inode < b.inode;
}

}  // namespace

void UnixPeers::name(std::span<const End> connected, WatchedProcesses processes, Ledger& ledger) {
    pairs_.clear();
    if (!connected.empty()) ask(connected);
    ledger.for_each_closed([this](const DescriptorOwner&, const KnownFd& known) {
        if (known.peer_inode != 0) pairs_.push_back({*known.descriptor.inode, known.peer_inode});
    });
    if (pairs_.empty()) return;
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    index(processes);
    name_makers();
    for (const Pair& pair : pairs_) {
        const Holders ours = holders_.of(pair.inode);
        const Holders theirs = holders_.of(pair.peer);
        for (const Holder& one : ours)
            name_peer(*one.process, one.process->known[one.slot], theirs);
        for (const Holder& one : theirs) {
            one.process->known[one.slot].peer_inode = pair.inode;
            name_peer(*one.process, one.process->known[one.slot], ours);
        }
    }
    ledger.for_each_closed([this](const DescriptorOwner& owner, KnownFd& known) {
        if (known.peer_inode != 0) name_peer(owner, known, holders_.of(known.peer_inode));
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

void UnixPeers::index(WatchedProcesses processes) {
    for (const Pair& pair : pairs_) {
        holders_.want(pair.inode);
        holders_.want(pair.peer);
    }
    holders_.build(processes, HolderIndex::Closed::left_out);
}

void UnixPeers::name_peer(const DescriptorOwner& owner, KnownFd& known, Holders ends) {
    auto& info = known.descriptor.socket;
    if (info == nullptr) return;
    PeerChoice choice(*info, owner.actor);
    for (const Holder& one : ends) choice.add(one.process->actor);
    if (auto changed = choice.changed()) info = std::move(changed);
}

/// Where the last watched process that had one end has closed it, and the connection lives on, a
/// process that is not watched has it: whoever had it is no fact any more, but the maker is.
void UnixPeers::name_makers() {
    questions_.clear();
    for (const Pair& pair : pairs_) {
        if (holders_.of(pair.inode).empty()) questions_.push_back({pair.peer, 0});
        if (holders_.of(pair.peer).empty()) questions_.push_back({pair.inode, 0});
    }
    std::erase_if(questions_, [this](const UnixDiag::Question& question) {
        const Holders ends = holders_.of(question.inode);
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
        for (const Holder& one : holders_.of(question.inode)) {
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
    holders_.clear();
}

}  // namespace logfia
