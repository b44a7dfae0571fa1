#include <logfia/base/fields.hpp>
#include <logfia/procfs/object_info.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace logfia {
namespace {

/// A line `KEY VALUE`, and what the value is called in JSON.
struct NumberLine {
    FdType type;
    std::string_view key;  ///< with its colon
    int base;              ///< 0: `0x…`
    std::string_view name;
    std::int64_t added = 0;
};

constexpr std::array kNumberLines{
    NumberLine{FdType::eventfd, "eventfd-count:", 16, "count"},
    NumberLine{FdType::pidfd, "Pid:", 10, "target_pid"},
    // Masks: one less than the sizes, which are powers of 2 (io_uring_show_fdinfo()).
    NumberLine{FdType::io_uring, "SqMask:", 0, "sq_entries", 1},
    NumberLine{FdType::io_uring, "CqMask:", 0, "cq_entries", 1},
    NumberLine{FdType::io_uring, "SqThread:", 10, "sq_thread_pid"},
    NumberLine{FdType::io_uring, "UserFiles:", 10, "user_files"},
    NumberLine{FdType::io_uring, "UserBufs:", 10, "user_buffers"},
    NumberLine{FdType::bpf, "map_type:", 10, "map_type"},
    NumberLine{FdType::bpf, "map_id:", 10, "map_id"},
    NumberLine{FdType::bpf, "max_entries:", 10, "max_entries"},
    NumberLine{FdType::bpf, "prog_type:", 10, "prog_type"},
    NumberLine{FdType::bpf, "prog_id:", 10, "prog_id"},
    NumberLine{FdType::bpf, "link_id:", 10, "link_id"},
};

std::optional<std::int64_t> parse_value(std::string_view text, int base) {
    if (base != 0) return parse_number<std::int64_t>(text, base);
    if (!text.starts_with("0x")) return std::nullopt;
    return parse_number<std::int64_t>(text.substr(2), 16);
}

void store_number(FdType type, std::string_view key, std::string_view value, ObjectInfo& out) {
    for (const NumberLine& line : kNumberLines) {
        if (line.type != type || line.key != key) continue;
        const auto number = parse_value(value, line.base);
        // -1: there is none (a process that has ended, no polling thread).
        if (number && *number >= 0) out.numbers.push_back({line.name, *number + line.added});
    }
}

/// `(SECONDS, NANOSECONDS)`; absent for zero, which means never.
std::optional<Duration> parse_time_pair(std::string_view rest) {
    auto seconds = next_field(rest);
    auto nanos = next_field(rest);
    if (!seconds.starts_with('(') || !seconds.ends_with(',') || !nanos.ends_with(')'))
        return std::nullopt;
    seconds = seconds.substr(1, seconds.size() - 2);
    nanos.remove_suffix(1);
    constexpr std::uint32_t kBillion = 1'000'000'000;
    const auto whole = parse_number<std::uint32_t>(seconds);
    const auto part = parse_number<std::uint32_t>(nanos);
    if (!whole || !part || *part >= kBillion || (*whole == 0 && *part == 0)) return std::nullopt;
    return std::chrono::seconds(*whole) + Duration(*part);
}

/// The kernel's own form of a device number: twelve bits and twenty (MKDEV, <linux/kdev_t.h>).
DeviceNumber device_of(std::uint32_t number) {
    return {number >> 20, number & 0xfffff};
}

/// `KEY:VALUE` words, whichever of them there are: `inotify wd:1 ino:2 sdev:fe00000 mask:2 …`,
/// `tfd: 5 events: 19 data: … pos:0 ino:2 sdev:fe00000`.
WatchTarget parse_target(std::string_view line) {
    WatchTarget target;
    bool descriptor_follows = false;
    for (auto word = next_field(line); !word.empty(); word = next_field(line)) {
        if (std::exchange(descriptor_follows, word == "tfd:")) target.fd = parse_number<int>(word);
        if (word.starts_with("ino:"))
            target.inode = parse_number<std::uint64_t>(word.substr(4), 16);
        if (word.starts_with("sdev:"))
            if (const auto number = parse_number<std::uint32_t>(word.substr(5), 16))
                target.device = device_of(*number);
    }
    return target;
}

void add_target(WatchTarget target, ObjectInfo& out) {
    if (out.targets.size() == ObjectInfo::kMaxTargets)
        out.targets_cut = true;
    else
        out.targets.push_back(std::move(target));
}

/// Undoes seq_file_path()'s octal escapes of blanks, newlines and backslashes.
std::string unescaped_path(std::string_view text) {
    const auto is_octal = [](char byte, char most) { return byte >= '0' && byte <= most; };
    std::string path;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || text.size() - i < 4 || !is_octal(text[i + 1], '3') ||
            !is_octal(text[i + 2], '7') || !is_octal(text[i + 3], '7')) {
            path += text[i];
            continue;
        }
        const int byte = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
        path += static_cast<char>(byte);
        i += 3;
    }
    return path;
}

/// Parses the rows `INDEX: NAME` of registered files that follow `UserFiles: COUNT`, in ascending
/// order (io_uring_show_fdinfo(), io_uring/fdinfo.c), and takes them off `bytes`. Older kernels
/// have a row for each index, `<none>` for a free one, and tell only the last component of a path,
/// unescaped and cut when it is long. No row at all may also mean that the ring was busy.
void store_registered_files(std::uint32_t count, std::string_view& bytes, ObjectInfo& out) {
    std::uint32_t next = 0;
    for (auto rest = bytes; const auto line = next_line(rest); bytes = rest) {
        auto name = *line;
        auto index_text = next_field(name);
        if (index_text == "UserBufs:") return;
        const bool has_index = index_text.ends_with(':') && name.starts_with(' ');
        if (has_index) index_text.remove_suffix(1);
        const auto index = has_index ? parse_number<std::uint32_t>(index_text) : std::nullopt;
        if (!index || *index < next || *index >= count) {
            out.targets_cut = !out.targets.empty();
            return;
        }
        next = *index + 1;
        name.remove_prefix(1);
        if (name.empty() || name == "<none>") continue;
        WatchTarget target;
        target.name = name.starts_with('/') ? unescaped_path(name) : std::string(name);
        add_target(std::move(target), out);
    }
}

void store_target(FdType type, std::string_view line, ObjectInfo& out) {
    auto rest = line;
    const auto first = next_field(rest);
    const bool fits = (type == FdType::epoll && first == "tfd:") ||
                      (type == FdType::inotify && first == "inotify") ||
                      (type == FdType::fanotify && first == "fanotify");
    if (!fits) return;
    const WatchTarget target = parse_target(line);
    if (!target.fd && !target.inode) return;  // fanotify's own flags, or a whole mount
    add_target(target, out);
}

}  // namespace

std::optional<ObjectInfo> parse_object_info(FdType type, std::string_view bytes) {
    if (!is_in(type, FdGroup::object)) return std::nullopt;
    ObjectInfo info;
    while (const auto line = next_line(bytes)) {
        auto rest = *line;
        const auto key = next_field(rest);
        if (type == FdType::timerfd && key == "it_value:") info.expires = parse_time_pair(rest);
        if (type == FdType::timerfd && key == "it_interval:") info.period = parse_time_pair(rest);
        const auto value = next_field(rest);
        store_number(type, key, value, info);
        if (type == FdType::io_uring && key == "UserFiles:")
            store_registered_files(parse_number<std::uint32_t>(value).value_or(0), bytes, info);
        if (is_in(type, FdGroup::targets)) store_target(type, *line, info);
    }
    if (!bytes.empty() && !info.targets.empty()) info.targets_cut = true;
    // The kernel lists an epoll's targets in the order of their addresses.
    std::stable_sort(info.targets.begin(), info.targets.end(),
                     [](const WatchTarget& a, const WatchTarget& b) { return a.fd < b.fd; });
    if (info == ObjectInfo{}) return std::nullopt;
    return info;
}

}  // namespace logfia
