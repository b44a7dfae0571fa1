#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace logfia {

/// Gathers the ticks that were missed, and says when it is time to tell: at once, and then at most
/// once a second, so that an interval that cannot be kept does not drown the records. None is
/// forgotten.
class LateTicks {
  public:
    static constexpr Duration kPause = std::chrono::seconds(1);

    /// After each tick, with how many were missed before it (one alone is not worth a word).
    /// Returns how many are to be told now; 0: nothing.
    std::uint64_t note(std::uint64_t missed, SteadyTime now) {
        if (missed > 1) untold_ += missed;
        if (untold_ == 0 || (told_ && now - *told_ < kPause)) return 0;
        told_ = now;
        return rest();
    }
    /// At the end: what has not been told yet.
    std::uint64_t rest() { return std::exchange(untold_, 0); }

  private:
    std::uint64_t untold_ = 0;
    std::optional<SteadyTime> told_;
};

}  // namespace logfia
