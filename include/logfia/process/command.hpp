#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/event/notice_sink.hpp>
#include <logfia/process/origin.hpp>
#include <logfia/process/signals.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

enum class Orphans {
    left,     ///< orphans become somebody else's children
    adopted,  ///< orphans become ours: we are the subreaper of the command's descendants (prctl(2))
};

/// What the child does to itself between go() and its exec.
class ChildStep {
  public:
    virtual ~ChildStep() = default;
    /// Called in the child: only async-signal-safe calls (signal-safety(7)). Returns 0, or the
    /// errno for which the command cannot be run.
    virtual int prepare() = 0;
};

/// How a command is started.
struct CommandPlan {
    std::vector<std::string> argv;  ///< not empty; the first is looked for in PATH
    InheritedSignals signals;       ///< given back to the command
    std::vector<int> closed;        ///< standard streams that were closed when we were started
    Orphans orphans = Orphans::left;
    std::string proc = "/proc";  ///< where procfs is mounted
    ChildStep* step = nullptr;   ///< null: none; must outlive go()
};

/// A command that logfia has started. The command shares our terminal, our session and our process
/// group, so that what the terminal sends reaches both, and it does not notice when we die.
class Command {
  public:
    /// Forks; the child waits for go(). To be called before anything else is opened: the command
    /// gets the limits, and the descriptors without close-on-exec, that exist at this moment.
    static Result<std::unique_ptr<Command>> start(const CommandPlan& plan);
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    /// Without go(), the child ends without having run anything.
    ~Command();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The descriptors that the command is started with.
    [[nodiscard]] const std::vector<GivenFd>& given() const { return given_; }

    /// Lets the child call exec, and waits until it has: after that none of our descriptors is in
    /// its table. On a filesystem that hangs, the wait may last for ever: signals are passed on
    /// meanwhile.
    struct Start {
        enum class State : std::uint8_t {
            runs,          ///< also when a signal has killed the child
            failed,        ///< execvp(3) has failed, or the child could not even be reached
            not_prepared,  ///< ChildStep has failed: nothing was run, and started() is false
        };
        State state = State::runs;
        int error = 0;  ///< errno, unless it runs
    };
    Start go(const StopSignals& signals);

    [[nodiscard]] bool started() const { return runs_; }

    /// Does what the command needs at each tick and after each signal; never waits. Passes signals
    /// on while the command runs, reaps children, and keeps us stopped as long as the command is.
    /// When the command has ended and descendants live on, one notice names them.
    void attend(SteadyTime now, StopSignals& signals, NoticeSink& notices);
    /// How soon attend() must be called even if no signal and no end of a process calls for it.
    [[nodiscard]] std::optional<Duration> next_word(SteadyTime now) const;

    /// Notes and reaps the processes that have ended; never waits.
    void reap(SteadyTime now, StopSignals& signals);
    [[nodiscard]] bool ended() const { return status_.has_value(); }
    /// True when it has exited, no signal has killed it, and none has come that asks for an end: a
    /// program that was told to end need not close what it has open.
    [[nodiscard]] bool ended_by_itself() const { return by_itself_; }
    /// We have no children left: with Orphans::adopted, no descendants.
    [[nodiscard]] bool all_gone() const { return all_gone_; }
    /// 0 to 255, or 128+N when signal N has killed it; 0 as long as it runs.
    [[nodiscard]] int status() const { return status_.value_or(0); }

    /// As waitpid(2) gave it; absent as long as the command runs, or if it could not be run.
    [[nodiscard]] std::optional<int> wait_status() const { return wait_status_; }

    /// How often attend() is called where nothing reports the end of the command.
    static constexpr Duration kAttendEach = std::chrono::milliseconds(50);

    /// Waits for the end of the command, or of all descendants, and attends to the command
    /// meanwhile. Once the command has ended, a signal ends the wait.
    enum class Until { it_ends, all_end };
    void wait(Until until, StopSignals& signals, NoticeSink& notices);

  private:
    Command() = default;
    void send(int signal) const;
    void pass_on_signals() const;
    void follow_stops(SteadyTime now);
    void tell_whom_it_left(SteadyTime now, const StopSignals& signals, NoticeSink& notices);
    [[noreturn]] static void run_child(const CommandPlan& plan, char* const* argv, int go,
                                       int outcome);

    std::string name_;
    std::string proc_;
    pid_t pid_ = 0;
    Orphans orphans_ = Orphans::left;
    UniqueFd go_;       // a byte lets the child call exec
    UniqueFd outcome_;  // a Start, of what has failed; end of file: the exec succeeded
    std::vector<GivenFd> given_;
    std::optional<int> status_;
    std::optional<int> wait_status_;
    bool runs_ = false;
    bool by_itself_ = false;
    bool all_gone_ = false;
    bool told_left_ = false;
    SteadyTime ended_at_{};
    int stops_seen_ = 0;
    SteadyTime stopped_since_{};
};

}  // namespace logfia
