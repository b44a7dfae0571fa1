#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>

namespace logfia {

/// An absolute timetable: ticks at `start`, `start + interval`, …, however late each one is taken.
/// An interval of 0 means at once, again and again: no tick is missed then.
class TickClock {
  public:
    TickClock(SteadyTime first, Duration interval) : next_(first), interval_(interval) {}

    [[nodiscard]] SteadyTime next() const { return next_; }
    [[nodiscard]] bool due(SteadyTime now) const { return now >= next_; }

    /// Takes the tick that is due, and says how many that should have come after it have passed
    /// already: those are missed.
    std::uint64_t take(SteadyTime now) {
        if (interval_ == Duration::zero()) {
            next_ = now;
            return 0;
        }
        const auto missed = (now - next_) / interval_;
        next_ += (missed + 1) * interval_;
        return static_cast<std::uint64_t>(missed);
    }

  private:
    SteadyTime next_;
    Duration interval_;
};

}  // namespace logfia
