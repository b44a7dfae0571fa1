#include <logfia/event/descriptor.hpp>

#include <array>
#include <cstddef>

namespace logfia {
namespace {

constexpr std::array<std::string_view, 5> kAccessNames{"", "r", "w", "rw", "path"};

}  // namespace

std::string_view to_string(Access access) {
    return kAccessNames[static_cast<std::size_t>(access)];
}

bool is_bound(FdType type, const SocketInfo& socket) {
    if (socket.local_vsock) return true;
    if (!socket.local) return false;
    // The port of a raw socket is its protocol, which says nothing of being bound.
    return is_in(type, FdGroup::raw) ? !is_unspecified(socket.local->address)
                                     : socket.local->port != 0;
}

std::string_view state_name(FdType type, const SocketInfo& socket) {
    if (socket.outdated) return {};
    if (is_in(type, FdGroup::tcp)) return to_string(socket.state);
    if (!is_in(type, FdGroup::datagram)) return {};
    if (socket.remote) return "connected";
    return is_bound(type, socket) ? "bound" : "unconnected";
}

}  // namespace logfia
