#include <logfia/base/deleted_suffix.hpp>
#include <logfia/event/alike.hpp>
#include <logfia/event/name_group.hpp>
#include <logfia/event/socket_text.hpp>

#include <fmt/format.h>

namespace logfia {
namespace {

/// Chosen by the kernel (ip_local_port_range, tcp(7): its default).
bool is_ephemeral(std::uint16_t port) {
    constexpr std::uint16_t kFirst = 32768;
    return port >= kFirst;
}

/// True for a connection that was accepted: the client's port means nothing.
bool is_from_a_client(const SocketInfo& socket, const ServerPorts& servers) {
    if (!socket.remote || !socket.local) return false;
    if (servers.contains(socket.local->port)) return true;
    return is_ephemeral(socket.remote->port) && !is_ephemeral(socket.local->port);
}

std::string with_any_port(const Endpoint& endpoint) {
    std::string text;
    append_endpoint(text, endpoint);
    text.resize(text.rfind(':') + 1);
    text += '*';
    return text;
}

AlikeName one_name(const std::string& name) {
    return {name, name, {}};
}

AlikeName alike_path(std::string_view path) {
    AlikeName alike;
    alike.name = without_random_parts(path);
    alike.distinct = without_random_parts(path, Guessing::off);
    const std::size_t slash = alike.name.rfind('/');
    if (slash != std::string::npos) alike.wider = alike.name.substr(0, slash + 1) + '*';
    return alike;
}

AlikeName alike_peer(const SocketInfo& socket, const ServerPorts& servers) {
    const Endpoint& peer = *socket.remote;
    if (is_from_a_client(socket, servers)) {
        AlikeName alike = one_name(with_any_port(peer));
        alike.wider = fmt::format("*:* to port {}", socket.local->port);
        return alike;
    }
    if (is_ephemeral(peer.port)) {
        AlikeName alike = one_name(with_any_port(peer));
        alike.wider = "*:*";
        return alike;
    }
    AlikeName alike;
    append_endpoint(alike.name, peer);
    alike.distinct = alike.name;
    alike.wider = fmt::format("*:{}", peer.port);
    return alike;
}

AlikeName alike_listener(const Endpoint& own) {
    std::string name;
    if (is_ephemeral(own.port))
        name = with_any_port(own);
    else
        append_endpoint(name, own);
    return one_name(name + " LISTEN");
}

AlikeName alike_socket(const SocketInfo& socket, const ServerPorts& servers) {
    if (socket.remote) return alike_peer(socket, servers);
    if (socket.local && socket.state == SocketState::listen) return alike_listener(*socket.local);
    if (const ShownAddress peer = peer_address(socket)) {
        std::string name;
        append_socket_address(name, peer);
        return one_name(name);
    }
    if (const std::string& path = shown_path(socket); !path.empty()) return alike_path(path);
    return one_name(std::string(name_without_address(socket)));
}

}  // namespace

void ServerPorts::note(const Descriptor& descriptor) {
    const SocketInfo* socket = descriptor.socket.get();
    if (socket != nullptr && socket->state == SocketState::listen && socket->local)
        ports_.set(socket->local->port);
}

std::string_view path_without_deleted(const Descriptor& descriptor) {
    return descriptor.deleted ? without_deleted_suffix(descriptor.name) : descriptor.name;
}

AlikeName alike_name(const Descriptor& descriptor, const ServerPorts& servers) {
    if (is_in(descriptor.type, FdGroup::path)) return alike_path(path_without_deleted(descriptor));
    if (is_in(descriptor.type, FdGroup::socket))
        return descriptor.socket != nullptr ? alike_socket(*descriptor.socket, servers)
                                            : AlikeName();
    // The number of `pipe:[123]` and the like means nothing.
    return descriptor.name.starts_with("anon_inode:") ? one_name(descriptor.name) : AlikeName();
}

}  // namespace logfia
