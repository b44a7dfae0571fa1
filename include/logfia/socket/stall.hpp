#pragma once

#include <logfia/base/clock.hpp>

#include <algorithm>

namespace logfia {

/// Remembers that the kernel blocked a kind of question, so that no such question is put for a
/// while: for a second at first, and twice as long each time a new try is blocked too.
class Stall {
  public:
    static constexpr Duration kFirstPause = std::chrono::seconds(1);
    static constexpr Duration kLongestPause = std::chrono::minutes(1);
    /// After this long without another stall, the pauses start from the shortest again.
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
