#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

/// The unit of a number that stands alone; it also decides which units may follow a number.
enum class BareUnit : std::uint8_t {
    milliseconds,  ///< for short times: `us`, `ms`, `s`
    seconds,       ///< for long times: `ms`, `s`, `m`, `h`
};

/// Parses `100`, `250us`, `10ms`, `2s`, `5m` or `1h`, also with a decimal point. Absent when `text`
/// is no such time, or a time longer than a year.
std::optional<Duration> parse_time(std::string_view text, BareUnit bare);

}  // namespace logfia
