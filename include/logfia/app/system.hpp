#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>

#include <poll.h>

#include <cstdint>
#include <optional>
#include <span>

namespace logfia {

/// How many signals that ask for an end have come since the start.
struct StopRequests {
    int all = 0;  ///< also those that were passed on to a command
    int own = 0;  ///< for us alone
};

/// The operating system as the loop needs it: the clocks, a sleep, and what the user says by
/// signals. Tests replace it by a Calendar.
class System {
  public:
    virtual ~System() = default;

    [[nodiscard]] virtual Now now() = 0;

    /// As in Waiter.
    virtual void want(int fd, short events) = 0;
    virtual void forget(int fd) = 0;
    virtual void want_instead(std::span<const pollfd> fds) = 0;

    /// Sleeps until something wanted is ready, a signal comes, or the time has come; may return
    /// early with nothing. A time in the past does not sleep, but lets signals through. Without
    /// one: for ever. Returns what is ready, valid until the next call. Error when the kernel does
    /// not let us wait: trying again would spin.
    virtual Result<std::span<const pollfd>> sleep_until(std::optional<SteadyTime> time) = 0;

    /// Does what a command needs, and returns the requests to stop that have come so far; never
    /// waits. To be called after each sleep.
    virtual StopRequests attend(SteadyTime now) = 0;

    /// Sources that are at work wake the loop when a command has ended or was stopped; while they
    /// rest, sleeps are short enough to look for that.
    enum class SourcesState : std::uint8_t { at_work, at_rest };
    virtual void set_sources_state(SourcesState state) = 0;
};

}  // namespace logfia
