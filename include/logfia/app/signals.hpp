#pragma once

#include <signal.h>

namespace logfia {

/// A reader that is gone, or a file at its limit, is from now on an error of write(2), which says
/// so by itself, and not the program's end. To be called first of all: errors are written from the
/// start.
void ignore_broken_writes();

/// Catches SIGINT, SIGTERM and SIGHUP for the life of the program. A SIGHUP that is ignored already
/// stays so (nohup). They are delivered only while the loop waits with `while_waiting`, so that
/// none is missed between a check and the wait.
class StopSignals {
  public:
    StopSignals();

    [[nodiscard]] const sigset_t* while_waiting() const { return &waiting_; }
    /// Takes those that have come although the loop did not wait, since something was ready.
    void take_pending() const;
    /// How many have come.
    [[nodiscard]] static int count();

  private:
    sigset_t caught_;
    sigset_t waiting_;
};

}  // namespace logfia
