#pragma once

#include "support/event_parts.hpp"
#include <logfia/event/event.hpp>

#include <memory>
#include <string>

namespace logfia::test {

/// Events of one descriptor, from its `open` to its `close`.
struct EventMaker {
    std::uint64_t id = 1;
    FdType type = FdType::file;
    std::string name = "/etc/hosts";
    std::shared_ptr<const SocketInfo> socket{};
    std::uint64_t process = 1;
    std::int32_t pid = 42;

    [[nodiscard]] Event event(EventKind kind, int seconds = 0) const {
        Event event;
        event.kind = kind;
        event.at = {WallTime(std::chrono::seconds(1'500'000'000 + seconds)),
                    SteadyTime(std::chrono::seconds(1000 + seconds))};
        event.actor.number = process;
        event.actor.pid = pid;
        event.actor.comm = "worker";
        if (kind == EventKind::lost) return event;
        event.change.emplace<DescriptorChange>();
        fd_of(event).descriptor.id = id;
        fd_of(event).descriptor.fd = 7;
        fd_of(event).descriptor.type = type;
        fd_of(event).descriptor.name = name;
        fd_of(event).descriptor.socket = socket;
        return event;
    }
    [[nodiscard]] Event open(int seconds = 0) const { return event(EventKind::open, seconds); }
    [[nodiscard]] Event initial(int seconds = 0) const {
        Event was = open(seconds);
        fd_of(was).initial = true;
        return was;
    }
    /// The `close` of a descriptor that was opened `held` seconds before.
    [[nodiscard]] Event close(int seconds = 0, int held = 0) const {
        Event gone = event(EventKind::close, seconds);
        fd_of(gone).held = std::chrono::seconds(held);
        return gone;
    }
    [[nodiscard]] Event close_at_exit(int seconds = 0) const {
        Event gone = close(seconds);
        fd_of(gone).at_exit = true;
        return gone;
    }
};

inline IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes = {a, b, c, d};
    return address;
}

inline std::shared_ptr<const SocketInfo> peer(IpAddress address, std::uint16_t port) {
    SocketInfo socket;
    socket.state = SocketState::established;
    socket.local = Endpoint{v4(10, 0, 0, 1), 40000};
    socket.remote = Endpoint{address, port};
    return std::make_shared<SocketInfo>(socket);
}

}  // namespace logfia::test
