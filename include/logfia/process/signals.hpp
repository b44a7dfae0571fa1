#pragma once

#include <signal.h>

#include <algorithm>
#include <vector>

namespace logfia {

/// Signal settings that the program was started with and changes for itself: a command gets them
/// back.
struct InheritedSignals {
    sigset_t mask;
    struct sigaction broken_pipe;  ///< SIGPIPE
    struct sigaction file_limit;   ///< SIGXFSZ
    struct sigaction child_ended;  ///< SIGCHLD
};

/// Turns a reader that is gone, or a file at its limit, from a signal that ends the program into an
/// error of write(2). To be called first of all, since errors are written from the start. Also
/// stops ignoring SIGCHLD (some daemons start their children with it ignored), as the kernel would
/// otherwise discard a command's status (waitpid(2)). Returns the settings as they were before.
InheritedSignals set_up_signals();

/// Async-signal-safe: for a child between fork(2) and exec.
void restore(const InheritedSignals& inherited);

/// The meaning of the signals that usually end a program.
enum class SignalsMean {
    stop,  ///< SIGINT, SIGTERM and SIGHUP stop the watch
    /// A command runs: SIGINT and SIGQUIT are its own, the others are passed on to it. Once the
    /// command has ended, all but SIGQUIT stop the watch. A signal that was passed on has stopped
    /// nothing; but if the watch then stops by itself, that signal shows that the user does not
    /// want to wait, and the next one counts as the second.
    pass_on,
};

/// Catches those signals for the life of the program. A SIGHUP that is ignored already stays
/// ignored (nohup). Signals are delivered only while the loop waits with `while_waiting`, so that
/// none is missed between a check and the wait.
class StopSignals {
  public:
    explicit StopSignals(SignalsMean meaning);

    [[nodiscard]] const sigset_t* while_waiting() const { return &waiting_; }
    /// Notes those that have come although the loop did not wait, since something was ready.
    void note_pending() const;
    /// How many have come, for whomever.
    [[nodiscard]] static int count();
    /// To be called once. Signals that have come up to now were for the command: a signal to the
    /// whole process group has reached us before the end of the command could be noticed.
    void command_has_ended();
    /// How many have come that were not for the command.
    [[nodiscard]] int own() const { return std::max(count() - for_command_, 0); }
    [[nodiscard]] bool stop_wanted() const { return own() > 0; }
    /// The signals that have come since the last call, each at most once.
    [[nodiscard]] static std::vector<int> fetch_new();

  private:
    void catch_signal(int signal);
    void block();

    int for_command_ = 0;  // signals that have come for the command
    sigset_t caught_;
    sigset_t waiting_;
};

}  // namespace logfia
