#pragma once

#include <logfia/event/event.hpp>
#include <logfia/event/socket_info.hpp>

#include <memory>

namespace logfia {

/// Chooses the process to be named as the one at the other end of a unix socket, among those that
/// were seen to have it. Of several, which have it since a fork(2), only the one that was named
/// before or that made it counts: the others may know nothing of it. Where nobody was seen to have
/// it, the last answer stays.
class PeerChoice {
  public:
    /// For a descriptor of `owner`; both must outlive the choice.
    PeerChoice(const SocketInfo& info, const Actor& owner) : info_(info), owner_(owner) {}
    void add(const Actor& holder);
    /// The description with the peer that was chosen; null: nothing changes.
    [[nodiscard]] std::shared_ptr<const SocketInfo> changed() const;

  private:
    const SocketInfo& info_;
    const Actor& owner_;
    const Actor* first_ = nullptr;  // but for the owner
    const Actor* named_ = nullptr;  // in the description
    bool any_ = false;
    bool several_ = false;
};

}  // namespace logfia
