#include <logfia/base/escape.hpp>
#include <logfia/output/text_writer.hpp>

#include <fmt/format.h>

#include <iterator>

namespace logfia {
namespace {

std::string_view color_of(EventKind kind) {
    switch (kind) {
        case EventKind::open:
            return "\x1b[32m";  // green
        case EventKind::close:
            return "\x1b[31m";  // red
        case EventKind::rename:
            return "\x1b[33m";  // yellow
        case EventKind::connect:
        case EventKind::listen:
            return "\x1b[36m";  // cyan
        case EventKind::lost:
            break;
    }
    return "\x1b[1;31m";  // bold red
}

template <class Number>
void append_number(std::string& out, Number number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_process(std::string& out, const Event& event) {
    append_escaped_word(out, event.comm);
    out += '[';
    append_number(out, event.pid);
    out += ']';
}

void append_fd(std::string& out, const Descriptor& descriptor) {
    append_number(out, descriptor.fd);
    if (descriptor.access == Access::read) out += 'r';
    if (descriptor.access == Access::write) out += 'w';
    if (descriptor.access == Access::read_write) out += 'u';
}

/// `COMM[PID] FD `, with a dash for what a `lost` record has not.
void append_long_columns(std::string& out, const Event& event) {
    const bool lost = event.kind == EventKind::lost;
    if (lost && event.pid == 0) {
        out += '-';
    } else {
        append_process(out, event);
    }
    out += ' ';
    if (lost) {
        out += '-';
    } else {
        append_fd(out, event.descriptor);
    }
    out += ' ';
}

void append_or_dash_word(std::string& out, std::string_view bytes) {
    if (bytes.empty())
        out += '-';
    else
        append_escaped_word(out, bytes);
}

void append_or_dash(std::string& out, std::string_view bytes) {
    if (bytes.empty()) {
        out += '-';
    } else {
        append_escaped(out, bytes);
    }
}

/// What stands in the place of the host name of a socket that has no peer.
std::string_view word_without_peer(FdType type, const SocketInfo& socket) {
    if (socket.state == SocketState::listen) return "LISTEN";
    const bool bound =
        type == FdType::vsock ? socket.local_vsock.has_value() : is_bound(type, socket);
    return bound ? "BOUND" : socket.outdated ? "-" : "UNCONNECTED";
}

void append_internet_detail(std::string& out, FdType type, const SocketInfo* socket,
                            std::string_view host) {
    if (!socket) {
        out += " - -";
        return;
    }
    const auto& shown = socket->remote ? socket->remote : socket->local;
    out += ' ';
    if (shown) {
        append_endpoint(out, *shown);
    } else {
        out += '-';
    }
    out += ' ';
    if (socket->remote) {
        append_or_dash(out, host);
    } else {
        out += word_without_peer(type, *socket);
    }
}

/// As for an internet socket, without a name: `2:1024`, `*:1024 LISTEN`.
void append_vsock_detail(std::string& out, const SocketInfo& socket) {
    const auto& shown = socket.remote_vsock ? socket.remote_vsock : socket.local_vsock;
    if (shown)
        append_vsock(out, *shown);
    else
        out += '-';
    if (socket.remote_vsock) return;
    out += ' ';
    out += word_without_peer(FdType::vsock, socket);
}

/// `/run/user/1000/bus dbus-daemon[812]`.
void append_unix_detail(std::string& out, const SocketInfo& socket) {
    append_or_dash(out, shown_path(socket));
    if (!socket.peer) return;
    out += ' ';
    append_or_dash_word(out, socket.peer->comm);
    out += '[';
    append_number(out, socket.peer->pid);
    out += ']';
}

/// `0x0003 eth0`; `if3` where only the interface's number is known.
void append_packet_detail(std::string& out, const SocketInfo& socket) {
    append_or_dash(out, socket.protocol);
    if (!socket.interface) return;
    out += ' ';
    if (!socket.interface_name.empty()) return append_escaped_word(out, socket.interface_name);
    out += "if";
    append_number(out, *socket.interface);
}

void append_netlink_detail(std::string& out, const SocketInfo& socket) {
    append_or_dash(out, socket.protocol);
    if (!socket.port_id) return;
    out += ' ';
    append_number(out, *socket.port_id);
}

void append_other_detail(std::string& out, FdType type, const SocketInfo& socket) {
    if (type == FdType::vsock) return append_vsock_detail(out, socket);
    if (type == FdType::packet) return append_packet_detail(out, socket);
    if (type == FdType::netlink) return append_netlink_detail(out, socket);
    append_unix_detail(out, socket);
}

/// ` sent=1200 received=3 retransmits=0 rtt_us=23`.
void append_totals(std::string& out, const TcpTotals& totals) {
    fmt::format_to(std::back_inserter(out), " sent={} received={} retransmits={} rtt_us={}",
                   totals.bytes_sent, totals.bytes_received, totals.retransmits,
                   totals.round_trip / std::chrono::microseconds(1));
    if (totals.as_of == TcpTotals::AsOf::last_look) out += " as_of=last_look";
}

/// Of these no more than the type is known when they may not be asked themselves.
bool is_in_no_table(FdType type) {
    return type == FdType::vsock || type == FdType::mptcp || type == FdType::sctp;
}

}  // namespace

void append_socket_detail(std::string& out, const Descriptor& descriptor, std::string_view host) {
    const FdType type = descriptor.type;
    const SocketInfo* socket = descriptor.socket.get();
    const bool another = type == FdType::socket;
    if (!is_socket(type) || (another && (!socket || socket->family.empty()))) return;
    out += ' ';
    out += to_string(type);
    if (!socket && is_in_no_table(type)) return;
    if (is_internet(type)) {
        append_internet_detail(out, type, socket, host);
        return;
    }
    out += ' ';
    if (!socket)
        out += '-';
    else if (another)
        out += socket->family;
    else
        append_other_detail(out, type, *socket);
}

void TextWriter::append_kind(std::string& out, EventKind kind) const {
    const bool colored = options_.color == Color::on;
    if (colored) out += color_of(kind);
    out += to_string(kind);
    if (colored) out += "\x1b[0m";
}

void TextWriter::append(std::string& out, const Event& event, std::string_view host) {
    const bool lost = event.kind == EventKind::lost;
    time_.append(out, event.at);
    out += ' ';
    append_kind(out, event.kind);
    out += ' ';
    if (options_.columns == Columns::full) append_long_columns(out, event);
    if (lost) {
        append_or_dash(out, event.reason);
    } else {
        append_escaped(out, event.descriptor.name);
        append_socket_detail(out, event.descriptor, host);
        if (event.totals && options_.columns == Columns::full) append_totals(out, *event.totals);
    }
    out += '\n';
}

}  // namespace logfia
