#pragma once

#include <logfia/event/descriptor.hpp>

#include <string>
#include <string_view>

namespace logfia {

/// An address of a socket, of whichever family; part of a SocketInfo, and valid as long. At most
/// one pointer is not null.
struct ShownAddress {
    const Endpoint* internet = nullptr;
    const VsockAddress* vsock = nullptr;

    explicit operator bool() const { return internet != nullptr || vsock != nullptr; }
};

/// True of types whose sockets have an address of their own and one of their peer.
bool has_addresses(FdType type);

ShownAddress own_address(const SocketInfo& socket);
ShownAddress peer_address(const SocketInfo& socket);
/// The most informative address: the peer's, or else the socket's own.
ShownAddress shown_address(const SocketInfo& socket);
/// True when both have the same peer address, or none.
bool have_same_peer_address(const SocketInfo& a, const SocketInfo& b);

/// `192.0.2.1:443`, `[fe80::7%eth0]:443`, `2:1024`, `*:1024`.
void append_socket_address(std::string& out, const ShownAddress& address);

/// The word that stands in a record beside the address of a socket without a peer: `LISTEN`,
/// `BOUND`, `UNCONNECTED`; `-` where nothing is certain.
std::string_view word_without_peer(FdType type, const SocketInfo& socket);

/// The most informative path of a unix socket: its own, or else its peer's. Empty when both have
/// none.
const std::string& shown_path(const SocketInfo& socket);

/// The name of a socket without an address: its path, or else its protocol, or its family. May
/// be empty. Bytes.
std::string_view name_without_address(const SocketInfo& socket);

/// The name of a socket in a summary: `tcp 192.0.2.80:443` by its peer, `tcp
/// 0.0.0.0:80 LISTEN`, `unix /run/x`, `netlink route`; the type alone where there is nothing more.
std::string name_with_type(const Descriptor& descriptor);

/// The name of a single socket in a report: its address, or else its path. Empty when both have
/// nothing to say.
std::string address_or_path(const SocketInfo& socket);

/// Calls `fits` with each text by which a user may name the address that is shown, until one does:
/// with the port, with the zone alone, without either.
template <class Fits>
bool any_spelling_of_address(const SocketInfo& socket, Fits fits) {
    const ShownAddress shown = shown_address(socket);
    if (!shown) return false;
    std::string text;
    append_socket_address(text, shown);
    if (fits(text)) return true;
    if (shown.internet == nullptr) return false;
    text.clear();
    append_zoned_address(text, *shown.internet);
    if (fits(text)) return true;
    if (shown.internet->zone.empty()) return false;
    text.clear();
    append_address(text, shown.internet->address);
    return fits(text);
}

}  // namespace logfia
