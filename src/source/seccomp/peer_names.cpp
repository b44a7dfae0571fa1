#include <logfia/descriptor/peer_choice.hpp>
#include <logfia/source/seccomp/peer_names.hpp>

#include <memory>
#include <utility>

namespace logfia {

void PeerNames::opened(std::uint64_t id, std::uint64_t inode, DescriptorOwner& owner,
                       std::optional<std::uint32_t> slot) {
    if (!inodes_.emplace(id, inode).second) return;
    Socket& socket = sockets_[inode];
    socket.holders.push_back({id, &owner, slot});
    name_both(socket);
}

void PeerNames::connected(std::uint64_t inode, std::uint64_t other) {
    sockets_[other].other = inode;
    Socket& socket = sockets_[inode];
    socket.other = other;
    name_both(socket);
}

/// The two ends are forgotten together, since another process may still turn out to have had one.
void PeerNames::closed(std::uint64_t id) {
    const auto known = inodes_.find(id);
    if (known == inodes_.end()) return;
    const auto socket = sockets_.find(known->second);
    inodes_.erase(known);
    name_both(socket->second);
    std::erase_if(socket->second.holders, [&](const Holder& one) { return one.id == id; });
    name_both(socket->second);
    if (!socket->second.holders.empty()) return;
    const auto other = sockets_.find(socket->second.other);
    if (other != sockets_.end() && !other->second.holders.empty()) return;
    if (other != sockets_.end()) sockets_.erase(other);
    sockets_.erase(socket);
}

void PeerNames::name_both(const Socket& socket) {
    const auto other = sockets_.find(socket.other);
    if (other == sockets_.end()) return;
    name(socket, other->second);
    name(other->second, socket);
}

void PeerNames::name(const Socket& socket, const Socket& other) {
    for (const Holder& one : socket.holders) {
        if (!one.slot) continue;
        auto& info = one.owner->known[*one.slot].descriptor.socket;
        if (info == nullptr) continue;
        PeerChoice choice(*info, one.owner->actor);
        for (const Holder& end : other.holders) choice.add(end.owner->actor);
        if (auto changed = choice.changed()) info = std::move(changed);
    }
}

}  // namespace logfia
