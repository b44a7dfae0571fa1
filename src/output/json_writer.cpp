#include <logfia/base/escape.hpp>
#include <logfia/output/json_members.hpp>
#include <logfia/output/json_writer.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

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
    append_zoned_address(scratch, *endpoint);
    members.text(address_key, scratch);
    members.number(port_key, endpoint->port);
}

void append_vsock_members(JsonMembers& members, std::string_view cid_key, std::string_view port_key,
                          const std::optional<VsockAddress>& address) {
    if (!address) return;
    members.number(cid_key, address->cid);
    members.number(port_key, address->port);
}

void append_unix(JsonMembers& members, const SocketInfo& socket) {
    members.text_if_any("socket_type", socket.kind);
    if (!socket.path.empty()) members.bytes("path", socket.path);
    if (!socket.peer_path.empty()) members.bytes("peer_path", socket.peer_path);
    if (!socket.peer) return;
    members.number("peer_pid", socket.peer->pid);
    if (!socket.peer->comm.empty()) members.bytes("peer_comm", socket.peer->comm);
    if (socket.peer->made_by) members.truth("peer_made_by");
}

void append_socket(JsonMembers& members, std::string& scratch, const Descriptor& descriptor,
                   std::string_view host) {
    if (const SocketInfo* socket = descriptor.socket.get()) {
        members.text_if_any("state", state_name(descriptor.type, *socket));
        append_endpoint_members(members, scratch, "local_address", "local_port", socket->local);
        append_endpoint_members(members, scratch, "remote_address", "remote_port", socket->remote);
        if (socket->remote) members.text_if_any("remote_host", host);
        append_vsock_members(members, "local_cid", "local_port", socket->local_vsock);
        append_vsock_members(members, "remote_cid", "remote_port", socket->remote_vsock);
        append_unix(members, *socket);
        members.text_if_any("protocol", socket->protocol);
        members.number_if_known("port_id", socket->port_id);
        if (!socket->interface_name.empty()) members.bytes("interface", socket->interface_name);
        members.number_if_known("interface_index", socket->interface);
        members.text_if_any("family", socket->family);
    }
}

void append_totals(JsonMembers& members, const TcpTotals& totals) {
    members.number("bytes_sent", totals.bytes_sent);
    members.number("bytes_received", totals.bytes_received);
    members.number("retransmits", totals.retransmits);
    members.number("rtt_us", totals.round_trip / std::chrono::microseconds(1));
    if (totals.as_of == TcpTotals::AsOf::last_look) members.text("bytes_as_of", "last_look");
}

void append_device(JsonMembers& members, std::string& scratch, const DeviceNumber& device) {
    scratch.clear();
    fmt::format_to(std::back_inserter(scratch), "{}:{}", device.major, device.minor);
    members.text("device", scratch);
}

void append_targets(JsonMembers& members, std::string& out, std::string& scratch,
                    const ObjectInfo& object) {
    if (object.targets.empty()) return;
    members.key("targets");
    char separator = '[';
    for (const WatchTarget& target : object.targets) {
        out += std::exchange(separator, ',');
        JsonMembers inner(out);
        inner.number_if_known("fd", target.fd);
        inner.number_if_known("inode", target.inode);
        if (target.device) append_device(inner, scratch, *target.device);
        if (!target.name.empty()) inner.bytes("name", target.name);
        inner.end_inner();
    }
    out += ']';
    if (object.targets_cut) members.truth("targets_cut");
}

void append_object(JsonMembers& members, std::string& out, std::string& scratch, EventKind kind,
                   const ObjectInfo& object) {
    for (const auto& [key, value] : object.numbers) members.number(key, value);
    // In a `close`, the time that was left when the descriptor was opened means nothing.
    if (object.expires && kind != EventKind::close)
        members.milliseconds("expires_ms", *object.expires);
    if (object.period) members.milliseconds("period_ms", *object.period);
    append_targets(members, out, scratch, object);
}

void append_file(JsonMembers& members, std::string& scratch, EventKind kind,
                 const DescriptorChange& change) {
    const Descriptor& descriptor = change.descriptor;
    members.bytes("name", descriptor.name);
    if (kind == EventKind::rename) members.bytes("old_name", change.old_name);
    if (descriptor.deleted) members.truth("deleted");
    members.number_if_known("inode", descriptor.inode);
    if (descriptor.device) append_device(members, scratch, *descriptor.device);
    members.number_if_known("size", descriptor.size);
    members.number_if_known("pos", descriptor.pos);
}

/// The members after `pid` and `comm`, for events that tell more about a process.
void append_actor_details(JsonMembers& members, const Actor& actor) {
    members.number_if_known("ppid", actor.ppid);
    members.number_if_known("uid", actor.uid);
    if (!actor.user.empty()) members.bytes("user", actor.user);
    if (!actor.exe.empty()) members.bytes("exe", actor.exe);
}

}  // namespace

void JsonWriter::append_change(JsonMembers& members, std::string&, const Event&, const Loss& loss,
                               std::string_view) {
    members.text_if_any("reason", loss.reason);
    members.number_if_known("missed_ticks", loss.missed_ticks);
    if (loss.longest_gap) members.milliseconds("longest_gap_ms", *loss.longest_gap);
    members.number_if_known("missed_processes", loss.missed_processes);
}

void JsonWriter::append_change(JsonMembers& members, std::string& out, const Event& event,
                               const DescriptorChange& change, std::string_view host) {
    const Descriptor& descriptor = change.descriptor;
    members.number("fd", descriptor.fd);
    members.text_if_any("access", to_string(descriptor.access));
    append_flags(members, out, descriptor.flags);
    members.text_if_any("type", to_string(descriptor.type));
    append_file(members, scratch_, event.kind, change);
    append_socket(members, scratch_, descriptor, host);
    if (change.totals) append_totals(members, *change.totals);
    if (descriptor.object) append_object(members, out, scratch_, event.kind, *descriptor.object);
    if (change.opened) {
        members.key("opened");
        out += '"';
        opened_.append(out, *change.opened);
        out += '"';
    }
    if (change.held) members.milliseconds("held_ms", *change.held);
    if (change.at_exit) members.truth("at_exit");
}

void JsonWriter::append_change(JsonMembers& members, std::string&, const Event& event,
                               const PathChange& change, std::string_view) {
    append_actor_details(members, event.actor);
    members.bytes("name", change.path);
    if (!change.old_path.empty()) members.bytes("old_name", change.old_path);
}

void JsonWriter::append_change(JsonMembers& members, std::string&, const Event& event,
                               const ProcessChange& change, std::string_view) {
    append_actor_details(members, event.actor);
    members.number_if_known("status", change.status);
    members.number_if_known("signal", change.signal);
}

void JsonWriter::append(std::string& out, const Event& event, std::string_view host) {
    JsonMembers members(out);
    members.time("time", time_, event.at);
    members.text("event", to_string(event.kind));
    if (is_initial(event)) members.truth("initial");
    if (event.actor.pid != 0) {
        members.number("pid", event.actor.pid);
        if (event.actor.thread != 0) members.number("tid", event.actor.thread);
        members.bytes("comm", event.actor.comm);
    }
    std::visit([&](const auto& change) { append_change(members, out, event, change, host); },
               event.change);
    members.end();
}

}  // namespace logfia
