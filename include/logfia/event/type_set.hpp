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

/// The event that `word` names; absent when no event of this subject has the name.
std::optional<EventKind> event_named(std::string_view word, Subject subject);

}  // namespace logfia
