#pragma once

#include <logfia/base/clock.hpp>

namespace logfia {

/// The time between two looks. An interval of 0 means back to back: the next look begins when this
/// one has ended.
class Interval {
  public:
    template <class Rep, class Period>
    constexpr Interval(std::chrono::duration<Rep, Period> between) : between_(between) {}
    static constexpr Interval back_to_back() { return Duration::zero(); }

    [[nodiscard]] constexpr bool is_back_to_back() const { return between_ == Duration::zero(); }
    /// 0 when looks come back to back.
    [[nodiscard]] constexpr Duration duration() const { return between_; }

    friend constexpr bool operator==(Interval, Interval) = default;

  private:
    Duration between_;
};

}  // namespace logfia
