#include <logfia/base/escape.hpp>
#include <logfia/output/json_members.hpp>
#include <logfia/output/json_writer.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace logfia {
namespace {

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

void append_flags(JsonMembers& members, std::string& out, std::uint32_t flags) {
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

void append_endpoint_members(JsonMembers& members, std::string& scratch,
                             std::string_view address_key, std::string_view port_key,
                             const std::optional<Endpoint>& endpoint) {
    if (!endpoint) return;
    scratch.clear();
    append_address(scratch, endpoint->address);
    members.text(address_key, scratch);
    members.number(port_key, endpoint->port);
}

void append_socket(JsonMembers& members, std::string& scratch, const Descriptor& descriptor,
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

void append_file(JsonMembers& members, std::string& scratch, const Event& event) {
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

void append_descriptor(JsonMembers& members, std::string& out, std::string& scratch,
                       const Event& event, std::string_view host) {
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
    JsonMembers members(out);
    members.time("time", time_, event.at);
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
    if (event.held) members.milliseconds("held_ms", *event.held);
    if (lost) members.text_if_any("reason", event.reason);
    members.number_if_known("missed_ticks", event.missed_ticks);
    members.end();
}

}  // namespace logfia
