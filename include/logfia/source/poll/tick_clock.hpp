#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/interval.hpp>

#include <cstdint>

namespace logfia {

/// An absolute timetable: ticks at `start`, `start + interval`, …, however late each tick is taken.
/// Back to back, the next tick is due at once and none is missed.
class TickClock {
  public:
    TickClock(SteadyTime first, Interval interval) : next_(first), interval_(interval) {}

    [[nodiscard]] SteadyTime next() const { return next_; }
    [[nodiscard]] bool due(SteadyTime now) const { return now >= next_; }

    /// Takes the tick that is due, and returns how many later ticks have passed already: those are
    /// missed.
    std::uint64_t take(SteadyTime now) {
        if (interval_.is_back_to_back()) {
            next_ = now;
            return 0;
        }
        const auto missed = (now - next_) / interval_.duration();
        next_ += (missed + 1) * interval_.duration();
        return static_cast<std::uint64_t>(missed);
    }

  private:
    SteadyTime next_;
    Interval interval_;
};

}  // namespace logfia
