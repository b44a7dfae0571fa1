#include <logfia/event/socket_text.hpp>

#include <fmt/format.h>

#include <iterator>

namespace logfia {
namespace {

void append_vsock(std::string& out, const VsockAddress& address) {
    constexpr std::uint32_t kAny = 0xffffffff;  // VMADDR_CID_ANY, vsock(7)
    if (address.cid == kAny)
        out += '*';
    else
        fmt::format_to(std::back_inserter(out), "{}", address.cid);
    fmt::format_to(std::back_inserter(out), ":{}", address.port);
}

ShownAddress address_of(const std::optional<Endpoint>& internet,
                        const std::optional<VsockAddress>& vsock) {
    return {internet ? &*internet : nullptr, vsock ? &*vsock : nullptr};
}

}  // namespace

bool has_addresses(FdType type) {
    return row_of(type).detail == FdDetail::address;
}

ShownAddress own_address(const SocketInfo& socket) {
    return address_of(socket.local, socket.local_vsock);
}

ShownAddress peer_address(const SocketInfo& socket) {
    return address_of(socket.remote, socket.remote_vsock);
}

ShownAddress shown_address(const SocketInfo& socket) {
    const ShownAddress peer = peer_address(socket);
    return peer ? peer : own_address(socket);
}

bool have_same_peer_address(const SocketInfo& a, const SocketInfo& b) {
    return a.remote == b.remote && a.remote_vsock == b.remote_vsock;
}

void append_socket_address(std::string& out, const ShownAddress& address) {
    if (address.internet != nullptr) append_endpoint(out, *address.internet);
    if (address.vsock != nullptr) append_vsock(out, *address.vsock);
}

std::string_view word_without_peer(FdType type, const SocketInfo& socket) {
    if (socket.state == SocketState::listen) return "LISTEN";
    if (is_bound(type, socket)) return "BOUND";
    return socket.outdated ? "-" : "UNCONNECTED";
}

const std::string& shown_path(const SocketInfo& socket) {
    return socket.path.empty() ? socket.peer_path : socket.path;
}

std::string_view name_without_address(const SocketInfo& socket) {
    if (const std::string& path = shown_path(socket); !path.empty()) return path;
    return socket.protocol.empty() ? socket.family : socket.protocol;
}

std::string name_with_type(const Descriptor& descriptor) {
    std::string name(to_string(descriptor.type));
    if (descriptor.socket == nullptr) return name;
    const SocketInfo& socket = *descriptor.socket;
    const ShownAddress peer = peer_address(socket);
    const ShownAddress own = own_address(socket);
    if (peer) {
        name += ' ';
        append_socket_address(name, peer);
    } else if (own.internet != nullptr && socket.state == SocketState::listen) {
        name += ' ';
        append_socket_address(name, own);
        name += " LISTEN";
    } else if (const std::string_view text = name_without_address(socket); !text.empty()) {
        name += ' ';
        name += text;
    }
    return name;
}

std::string address_or_path(const SocketInfo& socket) {
    const ShownAddress shown = shown_address(socket);
    if (shown.internet == nullptr) return shown_path(socket);
    std::string name;
    append_socket_address(name, shown);
    return name;
}

}  // namespace logfia
