#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>

#include <poll.h>

#include <cstdint>
#include <optional>
#include <span>

namespace logfia {

/// How many signals have come that ask for an end.
struct StopRequests {
    int all = 0;  ///< whether meant for logfia or for a command
    int own = 0;  ///< without those that were passed on to a command
};

/// The operating system as the loop needs it: the clocks, a sleep, and the user's signals. Tests
/// use a simulated calendar instead.
class System {
  public:
    virtual ~System() = default;

    [[nodiscard]] virtual Now now() = 0;

    /// As in Waiter.
    virtual void want(int fd, short events) = 0;
    virtual void forget(int fd) = 0;
    virtual void want_instead(std::span<const pollfd> fds) = 0;

    /// Sleeps until something wanted is ready, a signal comes, or the time has come; may return
    /// early with nothing. With a time in the past, only lets signals through; without a time,
    /// sleeps for ever. Returns what is ready, valid until the next call. An Error means that the
    /// kernel refuses to wait, so that trying again would spin.
    virtual Result<std::span<const pollfd>> sleep_until(std::optional<SteadyTime> time) = 0;

    /// Does what a command needs, and returns the requests to stop that have come so far; never
    /// waits. To be called after each sleep.
    virtual StopRequests attend(SteadyTime now) = 0;

    /// Sources that are at work wake the loop when a command has ended or was stopped; while they
    /// rest, sleeps are short enough to look for that.
    enum class Sources : std::uint8_t { at_work, at_rest };
    virtual void sources_are(Sources state) = 0;
};

}  // namespace logfia
