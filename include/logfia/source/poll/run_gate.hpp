#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/interval.hpp>

#include <cstddef>
#include <optional>

namespace logfia {

/// Decides whether a look at one process is worth its cost. A process whose CPU clock stands still
/// has not run, so that its table cannot have changed, unless somebody else shares the table or
/// renames a file under it: hence a full look from time to time all the same.
///
/// Where the clock deceives (measured): while the process runs on another CPU, its clock stands
/// still until the scheduler's next tick there, for 45 ms at the worst. So a clock counts as
/// standing only after kSettled, and below kShortestInterval it is not asked at all.
class RunGate {
  public:
    static constexpr Duration kShortestInterval = std::chrono::milliseconds(10);
    static constexpr Duration kSettled = std::chrono::milliseconds(50);

    enum class Verdict {
        skip,     ///< the process has not run: nothing can have changed
        look,     ///< the process has run, or nobody knows whether
        recheck,  ///< the process has not run, but it is time for a full look
    };

    /// `interval` lies between two looks.
    explicit RunGate(Interval interval) : asks_clock_(interval.duration() >= kShortestInterval) {}

    /// False: every look is taken, and the clock need not be asked.
    [[nodiscard]] bool asks_clock() const { return asks_clock_; }

    /// `cpu` is the process's CPU time now; absent when it has no clock.
    Verdict judge(std::optional<Duration> cpu, SteadyTime now);

    /// To be told after each look that was taken. The next full look comes after one second, or
    /// later, but never after more than five, where it would cost more than 0.1 % of a CPU.
    void looked(SteadyTime now, std::size_t descriptors);

  private:
    bool asks_clock_;
    std::optional<Duration> cpu_;
    SteadyTime standing_since_{};
    SteadyTime next_full_look_{};
};

}  // namespace logfia
