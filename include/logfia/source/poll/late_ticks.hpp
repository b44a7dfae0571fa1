#pragma once

#include <logfia/base/clock.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace logfia {

/// Gathers missed ticks, and says when to report them: at once, and then at most once in five
/// seconds, so that an interval that cannot be kept does not drown the records. Wherever more than
/// one was missed in a row, each is counted.
class LateTicks {
  public:
    static constexpr Duration kPause = std::chrono::seconds(5);

    struct Late {
        std::uint64_t ticks = 0;  ///< 0: there is nothing to report
        Duration longest_gap{};   ///< between two looks
    };

    /// To be called after each tick, with how many were missed before it (a single one is not worth
    /// a report), and how long ago the look before was taken. Returns what is to be reported now.
    Late note(std::uint64_t missed, Duration gap, SteadyTime now) {
        if (missed > 1) {
            untold_.ticks += missed;
            untold_.longest_gap = std::max(untold_.longest_gap, gap);
        }
        if (untold_.ticks == 0 || (told_ && now - *told_ < kPause)) return {};
        told_ = now;
        return rest();
    }
    /// At the end: what has not been reported yet.
    Late rest() { return std::exchange(untold_, {}); }

  private:
    Late untold_;
    std::optional<SteadyTime> told_;
};

}  // namespace logfia
