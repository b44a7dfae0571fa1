#include <logfia/base/escape.hpp>
#include <logfia/event/socket_text.hpp>
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
        case EventKind::hangup:
            return "\x1b[36m";  // cyan
        case EventKind::lost:
            return "\x1b[1;31m";  // bold red
        default:
            return {};
    }
}

template <class Number>
void append_number(std::string& out, Number number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

/// `COMM[PID]`, or a dash where no process is known.
void append_actor(std::string& out, const Actor& actor) {
    if (actor.pid == 0) {
        out += '-';
        return;
    }
    append_escaped_word(out, actor.comm);
    out += '[';
    append_number(out, actor.pid);
    out += ']';
}

void append_fd(std::string& out, const Descriptor& descriptor) {
    append_number(out, descriptor.fd);
    if (descriptor.access == Access::read) out += 'r';
    if (descriptor.access == Access::write) out += 'w';
    if (descriptor.access == Access::read_write) out += 'u';
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

/// ` 192.0.2.1:443 example.org`, ` 0.0.0.0:80 LISTEN`, ` 2:1024`.
void append_address_detail(std::string& out, const Descriptor& descriptor, std::string_view host) {
    const SocketInfo* socket = descriptor.socket.get();
    if (socket == nullptr) {
        out += " - -";
        return;
    }
    out += ' ';
    if (const ShownAddress shown = shown_address(*socket))
        append_socket_address(out, shown);
    else
        out += '-';
    const ShownAddress peer = peer_address(*socket);
    if (!peer) {
        out += ' ';
        out += word_without_peer(descriptor.type, *socket);
    } else if (peer.internet != nullptr) {
        out += ' ';
        append_or_dash(out, host);
    }
}

/// ` dbus-daemon[812]`; ` made by systemd[1]` where nobody knows who has it now.
void append_peer_process(std::string& out, const SocketInfo& socket) {
    if (!socket.peer) return;
    if (socket.peer->made_by) out += " made by";
    out += ' ';
    append_or_dash_word(out, socket.peer->comm);
    out += '[';
    append_number(out, socket.peer->pid);
    out += ']';
}

/// ` eth0`; ` if3` where only the interface's number is known.
void append_interface(std::string& out, const SocketInfo& socket) {
    if (!socket.interface) return;
    out += ' ';
    if (!socket.interface_name.empty()) return append_escaped_word(out, socket.interface_name);
    out += "if";
    append_number(out, *socket.interface);
}

void append_port_id(std::string& out, const SocketInfo& socket) {
    if (!socket.port_id) return;
    out += ' ';
    append_number(out, *socket.port_id);
}

/// ` CLOSE_WAIT`, the state of a connection as ss(8) and netstat(8) write it.
void append_state(std::string& out, const Descriptor& descriptor) {
    const SocketInfo* socket = descriptor.socket.get();
    if (!is_in(descriptor.type, FdGroup::tcp) || socket == nullptr || !socket->remote) return;
    if (socket->state == SocketState::established) return;
    const std::string_view state = state_name(descriptor.type, *socket);
    if (state.empty()) return;
    out += ' ';
    for (const char letter : state)
        out += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

/// ` sent=1200 received=3 retransmits=0 rtt_us=23`.
void append_totals(std::string& out, const TcpTotals& totals) {
    fmt::format_to(std::back_inserter(out), " sent={} received={} retransmits={} rtt_us={}",
                   totals.bytes_sent, totals.bytes_received, totals.retransmits,
                   totals.round_trip / std::chrono::microseconds(1));
    if (totals.as_of == TcpTotals::AsOf::last_look) out += " as_of=last_look";
}

}  // namespace

void append_socket_detail(std::string& out, const Descriptor& descriptor, std::string_view host) {
    const FdType type = descriptor.type;
    const FdDetail detail = row_of(type).detail;
    const SocketInfo* socket = descriptor.socket.get();
    if (detail == FdDetail::none) return;
    if (detail == FdDetail::family && (socket == nullptr || socket->family.empty())) return;
    out += ' ';
    out += to_string(type);
    // A socket that no table lists and that may not be asked itself is known by its type alone.
    if (socket == nullptr && is_in(type, FdGroup::no_table)) return;
    if (has_addresses(type)) return append_address_detail(out, descriptor, host);
    out += ' ';
    append_or_dash(out, socket == nullptr ? std::string_view() : name_without_address(*socket));
    if (socket == nullptr) return;
    append_peer_process(out, *socket);
    append_interface(out, *socket);
    append_port_id(out, *socket);
}

void TextWriter::append_kind(std::string& out, EventKind kind) const {
    const bool colored = options_.color == Color::on;
    if (colored) out += color_of(kind);
    out += to_string(kind);
    if (colored) out += "\x1b[0m";
}

void TextWriter::append_change(std::string& out, const Event&, const Loss& loss,
                               std::string_view) const {
    if (options_.columns == Columns::full) out += "- ";
    append_or_dash(out, loss.reason);
}

void TextWriter::append_change(std::string& out, const Event&, const DescriptorChange& change,
                               std::string_view host) const {
    const bool full = options_.columns == Columns::full;
    if (full) {
        append_fd(out, change.descriptor);
        out += ' ';
    }
    append_escaped(out, change.descriptor.name);
    append_socket_detail(out, change.descriptor, host);
    if (full) append_state(out, change.descriptor);
    if (change.totals && full) append_totals(out, *change.totals);
}

void TextWriter::append_change(std::string& out, const Event& event, const PathChange& change,
                               std::string_view) const {
    if (options_.columns == Columns::full) {
        append_or_dash_word(out, event.actor.user);
        out += ' ';
    }
    append_or_dash(out, change.path);
    if (change.old_path.empty()) return;
    out += " from ";
    append_escaped(out, change.old_path);
}

void TextWriter::append_change(std::string& out, const Event& event, const ProcessChange& change,
                               std::string_view) const {
    if (options_.columns == Columns::full) out += "- ";
    if (change.status)
        fmt::format_to(std::back_inserter(out), "status {}", *change.status);
    else if (change.signal)
        fmt::format_to(std::back_inserter(out), "signal {}", *change.signal);
    else
        append_or_dash(out, event.kind == EventKind::exit ? std::string_view() : event.actor.exe);
}

void TextWriter::append(std::string& out, const Event& event, std::string_view host) {
    time_.append(out, event.at);
    out += ' ';
    append_kind(out, event.kind);
    out += ' ';
    if (options_.columns == Columns::full) {
        append_actor(out, event.actor);
        out += ' ';
    }
    std::visit([&](const auto& change) { append_change(out, event, change, host); }, event.change);
    out += '\n';
}

}  // namespace logfia
