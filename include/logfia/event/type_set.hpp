#pragma once

#include <logfia/event/event_kind.hpp>
#include <logfia/event/fd_type.hpp>

#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>

namespace logfia {

/// A set of the values of an enum that count up from 0 to below `count`.
template <class Enum, std::size_t count>
class EnumSet {
  public:
    void add(Enum value) { bits_.set(static_cast<std::size_t>(value)); }
    void add(const EnumSet& other) { bits_ |= other.bits_; }
    [[nodiscard]] bool contains(Enum value) const {
        return bits_.test(static_cast<std::size_t>(value));
    }

  private:
    std::bitset<count> bits_;
};

using TypeSet = EnumSet<FdType, kFdTypeCount>;
using EventSet = EnumSet<EventKind, kEventKindCount>;

/// The types that a word of `--type` means: a type's name, `inet` (tcp, tcp6, udp, udp6) or
/// `socket` (every socket). Absent for any other word.
std::optional<TypeSet> types_named(std::string_view word);

/// The events that a word of `--event` means to whoever watches processes: the event of that name,
/// or with `all` every one that such a watch has. Absent for any other word.
std::optional<EventSet> events_named(std::string_view word);

/// True for an event of a process or of its descriptors.
bool is_of_processes(const EventKindRow& row);

}  // namespace logfia
