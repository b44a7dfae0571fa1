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
///
/// Processes and descriptors get their numbers from Numbers, so that those of two sources differ.
/// The times of a source's events never go back; they may lie before `now`. The smallest example
/// is FakeSource, by which the loop is tested.
class Source {
  public:
    virtual ~Source() = default;

    enum class State : std::uint8_t {
        waiting,  ///< for ready_fd() or for next()
        busy,     ///< there is more to do: run() wants to be called again, with a new Now
        ended,    ///< nothing more will come, and run() is not called again
    };

    /// Readable while run() has work: one descriptor, or an epoll(7) of the source's own. It stays
    /// the source's, and the same for the source's life. -1: next() alone says when. A source that
    /// leaves it readable after run() is called again at once.
    [[nodiscard]] virtual int ready_fd() const = 0;
    /// When run() must be called at the latest; nothing when only ready_fd() decides.
    [[nodiscard]] virtual std::optional<SteadyTime> next() const = 0;

    /// Does a bounded slice of work, without waiting, and hands to the sink what is due at `now`.
    /// May also be called when nothing is due.
    virtual State run(Now now, EventSink& sink) = 0;

    /// The output is full: from now on run() is called only when ready_fd() is readable, and should
    /// be readable only for what cannot be told later as well. The source remembers what it will
    /// have to tell as missed.
    virtual void pause(Now now) = 0;
    /// Continues after pause(), and reports what was missed.
    virtual void resume(Now now, EventSink& sink) = 0;
    /// The watch is over, or the source has ended: tells what is untold. Called once; only totals()
    /// is called afterwards.
    virtual void stop(Now now, EventSink& sink) = 0;

    [[nodiscard]] virtual SourceTotals totals() const = 0;
};

}  // namespace logfia
