#pragma once

#include <logfia/base/clock.hpp>

#include <algorithm>

namespace logfia {

/// A kind of question about which the kernel has kept us waiting, so that it is not asked for a
/// while: a second at first, and twice as long each time that this was in vain.
class Stall {
  public:
    static constexpr Duration kFirstPause = std::chrono::seconds(1);
    static constexpr Duration kLongestPause = std::chrono::minutes(1);
    /// Without another stall for this long, the pauses begin anew.
    static constexpr Duration kForgotten = std::chrono::minutes(10);

    void note(SteadyTime now) {
        if (holds(now)) return;
        const bool first = !has_been() || now - until_ >= kForgotten;
        pause_ = first ? kFirstPause : std::min(pause_ * 2, kLongestPause);
        until_ = now + pause_;
    }
    /// False when a question of this kind may be asked, or asked again.
    [[nodiscard]] bool holds(SteadyTime now) const { return has_been() && now < until_; }
    [[nodiscard]] bool has_been() const { return pause_ != Duration::zero(); }

  private:
    Duration pause_{};
    SteadyTime until_{};
};

}  // namespace logfia
