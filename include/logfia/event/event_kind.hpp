#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace logfia {

/// The events of the interface contract. Only event_kind.cpp depends on their order, and checks it.
enum class EventKind : std::uint8_t {
    lost,
    close,
    open,
    rename,
    connect,
    listen,
    start,
    exec,
    exit,
    create,
    remove,
    written,
    attrib,
};

inline constexpr std::size_t kEventKindCount = 13;

/// Subjects that an event may be about, as bits of EventKindRow::told_of.
enum class Subject : std::uint8_t { nothing = 0, descriptor = 1, path = 2, process = 4 };

/// Facts about one kind of event. A new event is a value of EventKind and a row in
/// event_kind.cpp.
struct EventKindRow {
    EventKind kind = EventKind::lost;
    std::string_view name;  ///< of the interface contract
    std::uint8_t told_of = 0;

    [[nodiscard]] bool is_told_of(Subject subject) const {
        return (told_of & static_cast<std::uint8_t>(subject)) != 0;
    }
};

std::span<const EventKindRow> event_kinds();
const EventKindRow& row_of(EventKind kind);

inline std::string_view to_string(EventKind kind) {
    return row_of(kind).name;
}

}  // namespace logfia
