#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/change.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace logfia {

/// Hands changes over from the thread that serves calls, which never waits, to the one that writes
/// records.
///
/// A reader that is woken for each change would cost more than the change. So a reader that has
/// found some looks again by itself, for as long as there are more (wait_for_wake_up()).
class ChangeQueue {
  public:
    static Result<std::unique_ptr<ChangeQueue>> create();

    // For the thread that serves calls.

    void push(Change change);
    /// Nothing that is pushed from now on happened before `time`.
    void settled_until(SteadyTime time);
    /// Nothing more will come.
    void finish();
    /// Bytes that are not done yet.
    [[nodiscard]] std::size_t waiting() const;
    /// Wakes the reader if it wants to be woken and there is something to read.
    void wake();

    // For the reader.

    struct Batch {
        std::deque<Change> changes;
        SteadyTime settled_until{};
        bool finished = false;  ///< no other will follow
    };
    /// Returns everything that has come since the last call; never waits. All of it counts as
    /// waiting until it is done().
    Batch take();
    /// So many bytes of changes, as size_of() has them, wait no more.
    void done(std::size_t bytes);
    /// Readable once there is something to read, from wait_for_wake_up() to take().
    [[nodiscard]] int ready_fd() const { return wake_up_.get(); }
    void wait_for_wake_up();
    /// Takes nothing, and is not woken again before wait_for_wake_up().
    void note_wake_up();

  private:
    explicit ChangeQueue(UniqueFd wake_up) : wake_up_(std::move(wake_up)) {}

    void wake_locked();
    void note_wake_up_locked();

    UniqueFd wake_up_;  // an eventfd
    mutable std::mutex mutex_;
    Batch batch_;
    std::size_t bytes_ = 0;
    bool reader_waits_ = true;
};

}  // namespace logfia
