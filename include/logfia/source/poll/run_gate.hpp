#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/process/run_clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace logfia {

/// Decides whether a look at one process is worth its cost. A process that has not run has not
/// changed its table (RunClock). Another process that shares the table may have, or may have
/// renamed a file in it: for those cases a full look comes from time to time anyway.
class RunGate {
  public:
    enum class Verdict : std::uint8_t {
        skip,     ///< the process has not run: nothing can have changed
        look,     ///< the process has run, or nobody knows whether
        recheck,  ///< the process has not run, but it is time for a full look
    };

    /// `clock`: of this look. `repeats`: how many more looks must be taken after the one that came
    /// last while the process ran, because a single one does not read everything.
    Verdict judge(const RunClock& clock, SteadyTime now, int repeats = 0);
    /// True while such looks are owed: then only the clock matters, not whether the process sleeps.
    [[nodiscard]] bool owes_looks() const { return owed_ > 0; }

    /// True when the process was asleep, and had not run, when it was judged last.
    [[nodiscard]] bool slept() const { return slept_; }

    /// The clock as it was before the last look. A change that came during that look or after it
    /// has advanced the clock since, so that none stays unseen.
    [[nodiscard]] std::optional<Duration> clock_before_look() const { return cpu_; }

    /// To be called after each look that was taken. The next full look is due after one second, or
    /// later if it would cost more than 0.1 % of a CPU, but after five seconds at most.
    void looked(SteadyTime now, std::size_t descriptors);
    /// The look has failed: the next one must be taken.
    void failed() { cpu_.reset(); }

    /// How many threads may be asked whether they sleep, to spare a look at so many descriptors:
    /// asking more would cost more than looking.
    [[nodiscard]] static int threads_worth_asking(std::size_t descriptors);

  private:
    std::optional<Duration> cpu_;
    SteadyTime next_full_look_{};
    bool slept_ = false;
    int owed_ = 0;  // looks, even if the process has not run any more
};

}  // namespace logfia
