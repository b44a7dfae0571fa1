#include <logfia/base/escape.hpp>
#include <logfia/output/text_writer.hpp>

#include <fmt/format.h>

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
    if (!socket.local) return "UNCONNECTED";
    // The port of a raw socket is its protocol, which says nothing of being bound.
    const bool raw = type == FdType::raw || type == FdType::raw6;
    const bool bound = raw ? !is_unspecified(socket.local->address) : socket.local->port != 0;
    return bound ? "BOUND" : "UNCONNECTED";
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

/// Of these no more than the type may be known: nothing tells the addresses of an MPTCP or SCTP
/// socket that may not be asked itself.
bool has_only_its_type(FdType type, const SocketInfo* socket) {
    if (type == FdType::vsock) return true;
    if (type != FdType::mptcp && type != FdType::sctp) return false;
    return !socket || (!socket->local && !socket->remote && socket->state != SocketState::listen);
}

}  // namespace

void append_socket_detail(std::string& out, const Descriptor& descriptor, std::string_view host) {
    const FdType type = descriptor.type;
    if (!is_socket(type) || type == FdType::socket) return;
    out += ' ';
    out += to_string(type);
    const SocketInfo* socket = descriptor.socket.get();
    if (has_only_its_type(type, socket)) return;
    if (is_internet(type)) {
        append_internet_detail(out, type, socket, host);
        return;
    }
    out += ' ';
    if (!socket) {
        out += '-';
    } else {
        append_or_dash(out, type == FdType::unix_socket ? socket->path : socket->protocol);
    }
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
    }
    out += '\n';
}

}  // namespace logfia
