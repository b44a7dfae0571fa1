#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace logfia {

/// `--time`: RFC 3339; seconds since 1970; seconds since the watch began; seconds since the record
/// before. The last two follow the monotonic clock.
enum class TimeStyle : std::uint8_t { iso, unix, start, delta };

/// The timestamp of each record, the same for both writers.
class TimeColumn {
  public:
    /// `began`: when the watch began.
    TimeColumn(TimeStyle style, SteadyTime began, Zone zone = Zone::local)
        : style_(style), began_(began), rfc3339_(zone) {}
    /// For a report at the end, where the time since the previous record would mean nothing:
    /// `delta` counts from `began` there, as `start` does.
    static TimeColumn of_report(TimeStyle style, SteadyTime began, Zone zone = Zone::local) {
        return {style == TimeStyle::delta ? TimeStyle::start : style, began, zone};
    }

    /// Only `iso` is not a number.
    [[nodiscard]] bool is_number() const { return style_ != TimeStyle::iso; }

    /// Appends the time of the next record; with `delta` the first is 0.
    void append(std::string& out, const Now& at);

  private:
    TimeStyle style_;
    SteadyTime began_;
    std::optional<SteadyTime> before_;
    Rfc3339 rfc3339_;
};

}  // namespace logfia
