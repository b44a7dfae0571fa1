#include <logfia/descriptor/peer_choice.hpp>

#include <optional>
#include <utility>

namespace logfia {

void PeerChoice::add(const Actor& holder) {
    any_ = true;
    if (holder.number == owner_.number) return;
    several_ = several_ || (first_ != nullptr && first_->number != holder.number);
    if (first_ == nullptr) first_ = &holder;
    if (info_.peer && info_.peer->pid == holder.pid) named_ = &holder;
}

std::shared_ptr<const SocketInfo> PeerChoice::changed() const {
    const bool is_made = info_.peer && info_.peer->made_by;
    if (!any_ || (several_ && named_ == nullptr && is_made)) return nullptr;
    std::optional<PeerProcess> peer;
    if (const Actor* const chosen = several_ ? named_ : first_)
        peer = PeerProcess{chosen->pid, chosen->comm, false};
    if (info_.peer == peer) return nullptr;
    SocketInfo changed = info_;
    if (is_made) changed.peer_maker = info_.peer;
    changed.peer = std::move(peer);
    return std::make_shared<const SocketInfo>(std::move(changed));
}

}  // namespace logfia
