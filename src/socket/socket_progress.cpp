#include <logfia/event/socket_text.hpp>
#include <logfia/socket/socket_progress.hpp>

#include <utility>

namespace logfia {
namespace {

bool has_peer(const SocketInfo* info) {
    return info != nullptr && (peer_address(*info) || info->state == SocketState::established);
}

bool listens(const SocketInfo* info) {
    return info != nullptr && info->state == SocketState::listen;
}

bool have_same_peer(const SocketInfo& a, const SocketInfo& b) {
    // A unix stream is connected for good; the tables do not know the peer's name.
    if (!a.kind.empty() && a.kind != "dgram" && a.kind == b.kind) return true;
    return have_same_peer_address(a, b) && a.peer_path == b.peer_path;
}

}  // namespace

std::optional<EventKind> socket_progress(const SocketInfo* before, const SocketInfo* after) {
    if (listens(after)) return listens(before) ? std::nullopt : std::optional(EventKind::listen);
    if (!has_peer(after) || (has_peer(before) && have_same_peer(*before, *after)))
        return std::nullopt;
    return EventKind::connect;
}

bool may_still_change(FdType type, const SocketInfo* info) {
    if (info == nullptr || is_in(type, FdGroup::datagram)) return true;
    switch (type) {
        case FdType::unix_socket:
            return info->kind == "dgram" || (!has_peer(info) && !listens(info));
        case FdType::netlink:
            return !info->port_id;  // not bound yet
        case FdType::packet:
            return !info->interface;
        case FdType::socket:
            return info->family.empty();
        default:
            // A refused connection still has its peer, and may be tried again.
            return info->state == SocketState::syn_sent || info->state == SocketState::close ||
                   (!has_peer(info) && !listens(info));
    }
}

bool has_lasting_peer(FdType type, const SocketInfo* info) {
    if (type != FdType::unix_socket || info == nullptr || info->state != SocketState::established)
        return false;
    return info->kind != "dgram" || (info->peer && info->peer_path.empty());
}

void keep_known_peer(SocketInfo& now, const SocketInfo* before) {
    if (before == nullptr || !before->peer || before->state != now.state ||
        before->kind != now.kind || before->peer_path != now.peer_path)
        return;
    now.peer = before->peer;
}

std::shared_ptr<const SocketInfo> without_peer(std::int32_t pid,
                                               std::shared_ptr<const SocketInfo> info) {
    if (info == nullptr || !info->peer || info->peer->pid != pid) return info;
    SocketInfo changed = *info;
    changed.peer.reset();
    return std::make_shared<const SocketInfo>(std::move(changed));
}

std::shared_ptr<const SocketInfo> outdated(FdType type, std::shared_ptr<const SocketInfo> info) {
    if (info == nullptr || !has_addresses(type) || has_peer(info.get()) || listens(info.get()))
        return info;
    SocketInfo changed = *info;
    changed.outdated = true;
    return std::make_shared<const SocketInfo>(std::move(changed));
}

std::shared_ptr<const SocketInfo> as_closed(FdType type, std::shared_ptr<const SocketInfo> info) {
    const bool lasts = !is_tcp_connection(type, info.get()) ||
                       info->state == SocketState::close_wait ||
                       info->state == SocketState::unknown;
    if (lasts) return outdated(type, std::move(info));
    SocketInfo changed = *info;
    changed.state = SocketState::unknown;
    return std::make_shared<const SocketInfo>(std::move(changed));
}

bool is_tcp_connection(FdType type, const SocketInfo* info) {
    return is_in(type, FdGroup::tcp) && info != nullptr && info->remote.has_value();
}

}  // namespace logfia
