#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/interval.hpp>

#include <cstddef>
#include <optional>

namespace logfia {

/// Decides whether a look at one process is worth its cost. A process whose CPU clock has not
/// advanced has not run, so its table cannot have changed, unless another process shares the table
/// or renames a file in it: for those cases a full look comes from time to time anyway.
///
/// The clock can mislead (measured): while the process runs on another CPU, its clock does not
/// advance until the scheduler's next tick there, for 45 ms at worst. So a clock counts as
/// unchanged only after kSettled, and below kShortestInterval the clock is not read at all.
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

    /// False: every look is taken, and the clock need not be read.
    [[nodiscard]] bool asks_clock() const { return asks_clock_; }

    /// `cpu` is the process's CPU time now; absent when it has no clock.
    Verdict judge(std::optional<Duration> cpu, SteadyTime now);

    /// To be called after each look that was taken. The next full look is due after one second, or
    /// later if it would cost more than 0.1 % of a CPU, but after five seconds at most.
    void looked(SteadyTime now, std::size_t descriptors);

  private:
    bool asks_clock_;
    std::optional<Duration> cpu_;
    SteadyTime standing_since_{};
    SteadyTime next_full_look_{};
};

}  // namespace logfia
