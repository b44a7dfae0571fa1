#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace logfia {

/// The kinds of events. The rows in event_kind.cpp have the order of this list; nothing else
/// depends on the order. Kinds of paths (from `create` on) are written like any other; no source
/// notices them yet.
enum class EventKind : std::uint8_t {
    lost,
    close,
    open,
    rename,
    connect,
    listen,
    hangup,
    start,
    exec,
    exit,
    create,
    remove,
    written,
    attrib,
};

inline constexpr std::size_t kEventKindCount = 14;

/// Subjects that an event may be about, as bits of EventKindRow::subjects.
enum class Subject : std::uint8_t { nothing = 0, descriptor = 1, path = 2, process = 4 };

/// What is the same for all events of a kind. Adding a kind is adding its name to EventKind and
/// its row to event_kind.cpp; writers and reports that treat it in a way of its own say so.
struct EventKindRow {
    EventKind kind = EventKind::lost;
    std::string_view name;  ///< in records and for `--event`
    std::uint8_t subjects = 0;
    std::uint8_t told = 0;  ///< the subjects that it is told of unless a user chooses

    [[nodiscard]] bool applies_to(Subject subject) const {
        return (subjects & static_cast<std::uint8_t>(subject)) != 0;
    }
    [[nodiscard]] bool is_told_of(Subject subject) const {
        return (told & static_cast<std::uint8_t>(subject)) != 0;
    }
};

std::span<const EventKindRow> event_kinds();
const EventKindRow& row_of(EventKind kind);

inline std::string_view to_string(EventKind kind) {
    return row_of(kind).name;
}

}  // namespace logfia
