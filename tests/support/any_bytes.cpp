#include "support/any_bytes.hpp"

#include "support/event_parts.hpp"
#include "support/json_text.hpp"
#include <logfia/net/host_name.hpp>
#include <logfia/output/json_writer.hpp>
#include <logfia/output/leak_writer.hpp>
#include <logfia/output/summary_writer.hpp>
#include <logfia/output/text_writer.hpp>
#include <logfia/report/leaks.hpp>
#include <logfia/report/summary.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

namespace logfia::test {
namespace {

/// Takes what stands before the first NUL off the front.
std::string take_name(std::string_view& rest) {
    const auto end = rest.find('\0');
    std::string name(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return name;
}

/// How many bytes of UTF-8 `text` begins with; 0: none that are valid. By the table of RFC 3629.
std::size_t character_length(std::string_view text, std::uint32_t* code) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t count) {
        for (std::size_t i = 1; i <= count; ++i)
            if ((byte(i) & 0xc0U) != 0x80U) return false;
        return true;
    };
    if (byte(0) < 0x80) return *code = byte(0), 1;
    if (byte(0) >= 0xc2 && byte(0) <= 0xdf && continues(1))
        return *code = (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU), 2;
    if (byte(0) >= 0xe0 && byte(0) <= 0xef && continues(2)) {
        *code = (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
        return *code >= 0x800 && (*code < 0xd800 || *code > 0xdfff) ? 3 : 0;
    }
    if (byte(0) >= 0xf0 && byte(0) <= 0xf4 && continues(3)) {
        *code = (byte(0) & 0x07U) << 18U | (byte(1) & 0x3fU) << 12U | (byte(2) & 0x3fU) << 6U |
                (byte(3) & 0x3fU);
        return *code >= 0x10000 && *code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

bool is_control(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/// The Bidi_Control property of Unicode.
bool turns_text(std::uint32_t code) {
    return code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes +=
            static_cast<char>(std::strtol(std::string(digits.substr(i, 2)).c_str(), nullptr, 16));
    return bytes;
}

/// The bytes that `key` stands for, by KEY_hex where that is told.
std::optional<std::string> bytes_of(const JsonMembers& members, const std::string& key) {
    std::optional<std::string> found;
    for (const auto& [name, value] : members) {
        if (name == key && !found) found = parse_json_string(value);
        if (name == key + "_hex") found = from_hex(value.substr(1, value.size() - 2));
    }
    return found;
}

std::string as_text(const Event& event, const std::string& host, TextOptions options) {
    std::string out;
    TextWriter(options).append(out, event, host);
    return out;
}

/// Text behind the `count` first words.
std::string_view after_words(std::string_view line, int count) {
    for (; count > 0; --count) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    return line.substr(0, line.size() - 1);
}

/// The colours are our own: removed before looking for strangers' escapes.
std::string without_colors(std::string line) {
    for (auto at = line.find('\x1b'); at != line.npos; at = line.find('\x1b'))
        line.erase(at, line.find('m', at) - at + 1);
    return line;
}

void check_text(const Event& event, const std::string& host, const Check& check) {
    const std::string brief = as_text(event, host, {});
    check(is_harmless_line(brief), "a text record is one harmless line");
    if (event.kind == EventKind::rename)
        check(unescaped(after_words(brief, 2)) == fd_of(event).descriptor.name,
              "text keeps the name");
    if (event.kind == EventKind::lost)
        check(unescaped(after_words(brief, 2)) ==
                  (loss_of(event).reason.empty() ? "-" : loss_of(event).reason),
              "text keeps the reason");
    TextOptions options;
    options.columns = Columns::full;
    const std::string full = as_text(event, host, options);
    check(is_harmless_line(full), "a long text record is one harmless line");
    if (event.kind == EventKind::rename)
        check(unescaped(after_words(full, 4)) == fd_of(event).descriptor.name,
              "a comm adds no column");
    options.color = Color::on;
    check(without_colors(as_text(event, host, options)) == full, "colours add nothing else");
}

void check_json(const Event& event, const std::string& host, const Check& check) {
    std::string line;
    JsonWriter({}).append(line, event, host);
    check(is_harmless_line(line), "a JSON record is one harmless line");
    const auto members = parse_json_object(std::string_view(line).substr(0, line.size() - 1));
    check(members.has_value(), "a JSON record is an object");
    if (!members) return;
    const auto keeps = [&](const char* key, const std::string& value) {
        const auto found = bytes_of(*members, key);
        check(found.value_or("") == value, key);
    };
    keeps("comm", event.actor.comm);
    if (event.kind == EventKind::lost) return;  // a loss has a reason in our own words
    keeps("name", fd_of(event).descriptor.name);
    keeps("old_name", fd_of(event).old_name);
    if (fd_of(event).descriptor.socket) keeps("path", fd_of(event).descriptor.socket->path);
    keeps("remote_host", fd_of(event).descriptor.type == FdType::tcp ? host : "");
}

void check_lines(std::string_view text, const Check& check) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
        check(is_harmless_line(text.substr(0, end)), "a line of a report is harmless");
        text.remove_prefix(end);
    }
}

void check_reports(const NamedEvents& named, const Check& check) {
    Summary summary;
    Leaks leaks(1);
    for (Event event : named.events) {
        if (event.kind == EventKind::rename) event.kind = EventKind::open;
        summary.note(event, named.host);
        leaks.note(event);
    }
    const Now end = named.events.front().at;
    const LeakReport report = leaks.report(end.steady, CommandEnd::otherwise);
    for (const std::size_t width : {0U, 40U}) {
        std::string text;
        append_summary(text, summary.rows(end.steady), {}, width);
        append_leaks(text, report, LeakVerdict::none, {TimeStyle::iso, end.steady});
        check_lines(text, check);
    }
    std::string json;
    append_summary_json(json, summary.rows(end.steady), {}, {TimeStyle::iso, end.steady}, end);
    check(is_harmless_line(json), "a JSON summary is one harmless line");
    json.clear();
    append_leaks_json(json, report, LeakVerdict::none, {TimeStyle::iso, end.steady}, end);
    check(is_harmless_line(json), "a JSON verdict is one harmless line");
}

Event event_of(EventKind kind, FdType type, int fd, std::string name, std::string comm) {
    using namespace std::chrono_literals;
    Event event;
    event.kind = kind;
    event.at = {WallTime(1494175240663016us), SteadyTime(1000s)};
    event.actor.number = 1;
    event.actor.pid = 42;
    event.actor.comm = std::move(comm);
    event.change.emplace<DescriptorChange>();
    fd_of(event).descriptor.id = static_cast<std::uint64_t>(fd);
    fd_of(event).descriptor.fd = fd;
    fd_of(event).descriptor.type = type;
    fd_of(event).descriptor.name = std::move(name);
    return event;
}

}  // namespace

std::string unescaped(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            bytes += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'x') {
            bytes += from_hex(text.substr(i + 1, 2));
            i += 2;
        } else {
            bytes += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }
    return bytes;
}

bool is_harmless_line(std::string_view line) {
    if (line.empty() || line.back() != '\n') return false;
    line.remove_suffix(1);
    while (!line.empty()) {
        std::uint32_t code = 0;
        const std::size_t length = character_length(line, &code);
        if (length == 0 || is_control(code) || turns_text(code)) return false;
        line.remove_prefix(length);
    }
    return true;
}

NamedEvents events_named(std::string_view bytes) {
    const std::string name = take_name(bytes);
    const std::string old_name = take_name(bytes);
    const std::string comm = take_name(bytes);
    SocketInfo unix_socket;
    unix_socket.path = take_name(bytes);
    const std::string reason = take_name(bytes);
    NamedEvents named;
    named.host = checked_host_name(take_name(bytes));

    Event file = event_of(EventKind::rename, FdType::file, 3, name, comm);
    fd_of(file).old_name = old_name;
    named.events.push_back(std::move(file));
    Event socket = event_of(EventKind::open, FdType::unix_socket, 4, "socket:[7]", comm);
    fd_of(socket).descriptor.socket = std::make_shared<const SocketInfo>(std::move(unix_socket));
    named.events.push_back(std::move(socket));
    Event peer = event_of(EventKind::open, FdType::tcp, 5, "socket:[8]", comm);
    SocketInfo tcp;
    tcp.state = SocketState::established;
    tcp.local = Endpoint{};
    tcp.remote = Endpoint{};
    fd_of(peer).descriptor.socket = std::make_shared<const SocketInfo>(std::move(tcp));
    named.events.push_back(std::move(peer));
    Event missed = lost(named.events.front().at, reason);
    missed.actor.pid = 42;
    missed.actor.comm = comm;
    named.events.push_back(std::move(missed));
    return named;
}

void check_records(const NamedEvents& named, const Check& check) {
    for (const Event& event : named.events) {
        check_text(event, named.host, check);
        check_json(event, named.host, check);
    }
    check_reports(named, check);
}

}  // namespace logfia::test
