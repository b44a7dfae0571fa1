#pragma once

#include <logfia/base/clock.hpp>

#include <optional>

namespace logfia {

/// The CPU clock of a process, read after the states of its threads. A process that was asleep, and
/// whose clock shows what it showed before, has not run in between, and what only it can change is
/// unchanged.
///
/// The clock alone is not enough: while a thread runs on another CPU, it stands still until the
/// scheduler's next tick there (measured: for 45 ms at worst), and the kernel brings it up to date
/// when the thread goes to sleep (update_curr(), kernel/sched/fair.c). Nor is the state: a thread
/// that sleeps may have run a moment ago. The order matters: a thread that wakes up after its state
/// was read has begun to run after the question.
struct RunClock {
    std::optional<Duration> cpu;  ///< CPU time of all threads; absent: there is no clock
    bool asleep = false;          ///< every thread was; false also where that is not known

    /// `then`: what the clock showed at an earlier time, whether the process was asleep or not.
    [[nodiscard]] bool may_have_run_since(std::optional<Duration> then) const {
        return !asleep || !cpu || cpu != then;
    }
};

}  // namespace logfia
