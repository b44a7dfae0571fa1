#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace logfia {

/// Gathers missed ticks, and says when to report them: at once, and then at most once a second, so
/// that an interval that cannot be kept does not drown the records. Every missed tick is reported.
class LateTicks {
  public:
    static constexpr Duration kPause = std::chrono::seconds(1);

    /// To be called after each tick, with how many were missed before it (a single one is not worth
    /// a report). Returns how many are to be reported now; 0: none.
    std::uint64_t note(std::uint64_t missed, SteadyTime now) {
        if (missed > 1) untold_ += missed;
        if (untold_ == 0 || (told_ && now - *told_ < kPause)) return 0;
        told_ = now;
        return rest();
    }
    /// At the end: the missed ticks that have not been reported yet.
    std::uint64_t rest() { return std::exchange(untold_, 0); }

  private:
    std::uint64_t untold_ = 0;
    std::optional<SteadyTime> told_;
};

}  // namespace logfia
