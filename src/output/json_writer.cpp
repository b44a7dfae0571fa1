#include <logfia/base/escape.hpp>
#include <logfia/output/json_writer.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace logfia {
namespace {

/// Writes the members of one JSON object.
class Members {
  public:
    explicit Members(std::string& out) : out_(out) {}

    void key(std::string_view name) {
        out_ += first_ ? "{\"" : ",\"";
        out_ += name;
        out_ += "\":";
        first_ = false;
    }

    void text(std::string_view name, std::string_view value) {
        key(name);
        append_json_string(out_, value);
    }

    /// Bytes that the string cannot hold are told once more, as NAME_hex.
    void bytes(std::string_view name, std::string_view value) {
        text(name, value);
        if (is_valid_utf8(value)) return;
        out_ += ",\"";
        out_ += name;
        out_ += "_hex\":\"";
        append_hex(out_, value);
        out_ += '"';
    }

    template <class Number>
    void number(std::string_view name, Number value) {
        key(name);
        const fmt::format_int digits(value);
        out_.append(digits.data(), digits.size());
    }

    template <class Number>
    void number_if_known(std::string_view name, const std::optional<Number>& value) {
        if (value) number(name, *value);
    }

    void text_if_any(std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    }

    void truth(std::string_view name) {
        key(name);
        out_ += "true";
    }

    void end() { out_ += "}\n"; }

  private:
    std::string& out_;
    bool first_ = true;
};

struct FlagName {
    std::uint32_t flag;
    std::string_view name;
};

/// open(2) flags as `flags:` of proc_pid_fdinfo(5) shows them. O_CREAT, O_EXCL, O_NOCTTY and
/// O_TRUNC are forgotten by the kernel once the file is open; O_PATH is told by `access`, and
/// O_LARGEFILE is on whatever a 64-bit process opens. A flag that includes another stands first.
constexpr std::array<FlagName, 11> kFlagNames = {{
    {O_APPEND, "append"},
    {O_NONBLOCK, "nonblock"},
    {O_CLOEXEC, "cloexec"},
    {O_DIRECT, "direct"},
    {O_SYNC, "sync"},
    {O_DSYNC, "dsync"},
    {O_ASYNC, "async"},
    {O_NOATIME, "noatime"},
    {O_NOFOLLOW, "nofollow"},
    {O_TMPFILE, "tmpfile"},
    {O_DIRECTORY, "directory"},
}};

void append_flags(Members& members, std::string& out, std::uint32_t flags) {
    bool first = true;
    for (const auto& [flag, name] : kFlagNames) {
        if (flag == 0 || (flags & flag) != flag) continue;
        flags &= ~flag;
        if (first) {
            members.key("flags");
            out += '[';
        } else {
            out += ',';
        }
        append_json_string(out, name);
        first = false;
    }
    if (!first) out += ']';
}

void append_endpoint_members(Members& members, std::string& scratch, std::string_view address_key,
                             std::string_view port_key, const std::optional<Endpoint>& endpoint) {
    if (!endpoint) return;
    scratch.clear();
    append_address(scratch, endpoint->address);
    members.text(address_key, scratch);
    members.number(port_key, endpoint->port);
}

void append_socket(Members& members, std::string& scratch, const Descriptor& descriptor,
                   std::string_view host) {
    if (const SocketInfo* socket = descriptor.socket.get()) {
        if (is_tcp(descriptor.type)) members.text_if_any("state", to_string(socket->state));
        append_endpoint_members(members, scratch, "local_address", "local_port", socket->local);
        append_endpoint_members(members, scratch, "remote_address", "remote_port", socket->remote);
        if (socket->remote) members.text_if_any("remote_host", host);
        if (!socket->path.empty()) members.bytes("path", socket->path);
        members.text_if_any("protocol", socket->protocol);
    }
}

/// Milliseconds with up to three decimals; cut, not rounded.
void append_milliseconds(std::string& out, Duration duration) {
    const auto micros = std::max<std::int64_t>(duration.count() / 1000, 0);
    fmt::format_to(std::back_inserter(out), "{}", micros / 1000);
    if (micros % 1000 == 0) return;
    fmt::format_to(std::back_inserter(out), ".{:03}", micros % 1000);
    out.erase(out.find_last_not_of('0') + 1);
}

void append_file(Members& members, std::string& scratch, const Event& event) {
    const Descriptor& descriptor = event.descriptor;
    members.bytes("name", descriptor.name);
    if (event.kind == EventKind::rename) members.bytes("old_name", event.old_name);
    if (descriptor.deleted) members.truth("deleted");
    members.number_if_known("inode", descriptor.inode);
    if (const auto& device = descriptor.device) {
        scratch.clear();
        fmt::format_to(std::back_inserter(scratch), "{}:{}", device->major, device->minor);
        members.text("device", scratch);
    }
    members.number_if_known("size", descriptor.size);
    members.number_if_known("pos", descriptor.pos);
}

void append_descriptor(Members& members, std::string& out, std::string& scratch, const Event& event,
                       std::string_view host) {
    const Descriptor& descriptor = event.descriptor;
    members.number("fd", descriptor.fd);
    members.text_if_any("access", to_string(descriptor.access));
    append_flags(members, out, descriptor.flags);
    members.text_if_any("type", to_string(descriptor.type));
    append_file(members, scratch, event);
    append_socket(members, scratch, descriptor, host);
}

}  // namespace

void JsonWriter::append(std::string& out, const Event& event, std::string_view host) {
    const bool lost = event.kind == EventKind::lost;
    Members members(out);
    members.key("time");
    if (!time_.is_number()) out += '"';
    time_.append(out, event.at);
    if (!time_.is_number()) out += '"';
    members.text("event", to_string(event.kind));
    if (event.initial) members.truth("initial");
    if (!lost || event.pid != 0) {
        members.number("pid", event.pid);
        members.bytes("comm", event.comm);
    }
    if (!lost) append_descriptor(members, out, scratch_, event, host);
    if (event.opened) {
        members.key("opened");
        out += '"';
        opened_.append(out, *event.opened);
        out += '"';
    }
    if (event.held) {
        members.key("held_ms");
        append_milliseconds(out, *event.held);
    }
    if (lost) members.text_if_any("reason", event.reason);
    members.number_if_known("missed_ticks", event.missed_ticks);
    members.end();
}

}  // namespace logfia
