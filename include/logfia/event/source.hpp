#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/event_sink.hpp>

#include <cstdint>
#include <optional>

namespace logfia {

/// Counts of a source up to now, for a summary.
struct SourceTotals {
    std::uint64_t processes = 0;   ///< watched, also those that have ended
    std::uint64_t looks = 0;       ///< at all of them
    std::uint64_t late_looks = 0;  ///< looks that came too late, or not at all
};

/// Notices changes and hands Events to the rest. The loop knows nothing else of a source. A
/// source has its own way of noticing, its own descriptors to wait for and its own timetable.
class Source {
  public:
    virtual ~Source() = default;

    enum class State : std::uint8_t {
        waiting,  ///< for ready_fd() or for next()
        busy,     ///< there is more to do: run() wants to be called again, with a new Now
        ended,    ///< nothing more will come, and run() is not called again
    };

    /// Readable while run() has work: one descriptor, or an epoll(7) of the source's own. The
    /// descriptor belongs to the source and never changes. -1: next() alone says when to call
    /// run().
    [[nodiscard]] virtual int ready_fd() const = 0;
    /// When run() must be called at the latest; nothing when only ready_fd() decides.
    [[nodiscard]] virtual std::optional<SteadyTime> next() const = 0;

    /// Does a bounded slice of work, without waiting, and hands to the sink what is due at `now`.
    /// May also be called when nothing is due.
    virtual State run(Now now, EventSink& sink) = 0;

    /// The output is full: from now on the source notices nothing, but keeps account of what it
    /// misses. run() is not called before resume().
    virtual void pause(Now now) = 0;
    /// Continues after pause(), and reports what was missed.
    virtual void resume(Now now, EventSink& sink) = 0;
    /// The watch is over: reports what is still unreported. Called once; afterwards nothing but
    /// totals() is called.
    virtual void stop(Now now, EventSink& sink) = 0;

    [[nodiscard]] virtual SourceTotals totals() const = 0;
};

}  // namespace logfia
