#pragma once

#include "support/event_parts.hpp"
#include <logfia/event/event.hpp>

#include <memory>
#include <string>
#include <utility>

namespace logfia::test {

/// 2017-05-07T16:40:40.663016Z, `after` later; the steady clock stood at 1000 s.
inline Now moment(std::chrono::microseconds after = {}) {
    using namespace std::chrono_literals;
    return {WallTime(1494175240663016us + after), SteadyTime(1000s) + after};
}

/// `fd` 7 of `cat[42]`, open to be read.
inline Event make_event(EventKind kind, FdType type, std::string name) {
    Event event;
    event.kind = kind;
    event.at = moment();
    event.actor.pid = 42;
    event.actor.comm = "cat";
    if (kind == EventKind::lost) return event;
    event.change.emplace<DescriptorChange>();
    fd_of(event).descriptor.fd = 7;
    fd_of(event).descriptor.type = type;
    fd_of(event).descriptor.access = Access::read;
    fd_of(event).descriptor.name = std::move(name);
    return event;
}

inline Event make_socket(FdType type, SocketInfo socket) {
    Event event = make_event(EventKind::open, type, "socket:[7]");
    fd_of(event).descriptor.socket = std::make_shared<const SocketInfo>(std::move(socket));
    return event;
}

inline Event make_lost(std::string reason) {
    return lost(moment(), std::move(reason));
}

inline Endpoint v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                   std::uint16_t port) {
    Endpoint endpoint;
    endpoint.address.bytes[0] = a;
    endpoint.address.bytes[1] = b;
    endpoint.address.bytes[2] = c;
    endpoint.address.bytes[3] = d;
    endpoint.port = port;
    return endpoint;
}

/// 2001:db8::LAST.
inline Endpoint v6(std::uint8_t last, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.address.family = IpFamily::v6;
    endpoint.address.bytes = {0x20, 0x01, 0x0d, 0xb8};
    endpoint.address.bytes[15] = last;
    endpoint.port = port;
    return endpoint;
}

inline SocketInfo internet(SocketState state, std::optional<Endpoint> local,
                           std::optional<Endpoint> remote = {}) {
    SocketInfo socket;
    socket.state = state;
    socket.local = local;
    socket.remote = remote;
    return socket;
}

inline SocketInfo unix_path(std::string path) {
    SocketInfo socket;
    socket.path = std::move(path);
    return socket;
}

inline SocketInfo protocol(std::string name) {
    SocketInfo socket;
    socket.protocol = std::move(name);
    return socket;
}

}  // namespace logfia::test
