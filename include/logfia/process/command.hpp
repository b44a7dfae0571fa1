#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/event/notice_sink.hpp>
#include <logfia/process/origin.hpp>
#include <logfia/process/signals.hpp>

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

enum class Orphans {
    left,     ///< orphans become somebody else's children
    adopted,  ///< orphans become ours: we are the subreaper of the command's descendants (prctl(2))
};

/// How a command is started.
struct CommandPlan {
    std::vector<std::string> argv;  ///< not empty; the first is looked for in PATH
    InheritedSignals signals;       ///< given back to the command
    std::vector<int> closed;        ///< standard streams that were closed when we were started
    Orphans orphans = Orphans::left;
    std::string proc = "/proc";  ///< where procfs is mounted
};

/// A command that we have started. It shares our terminal, our session and our process group, so
/// that what the terminal sends reaches both; it notices nothing when we die.
class Command {
  public:
    /// Forks; the child waits for go(). To be called before anything else is opened: it gets what
    /// is open now without close-on-exec, and the limits of now.
    static Result<std::unique_ptr<Command>> start(const CommandPlan& plan);
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    /// Without go(), the child ends and nothing was run.
    ~Command();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The descriptors that it is started with.
    [[nodiscard]] const std::vector<GivenFd>& given() const { return given_; }

    /// Lets it call exec, and waits until it has: none of our descriptors is in its table then. On
    /// a filesystem that hangs that may take for ever: signals are passed on meanwhile. Returns 0,
    /// also when one of them has ended it, or the errno of execvp(3); or that of write(2), when it
    /// could not even be told.
    int go(const StopSignals& signals);

    [[nodiscard]] bool started() const { return runs_; }

    /// Does what the command needs at each tick and after each signal; never waits. Passes signals
    /// on while it runs, reaps, and keeps us stopped as long as it is. When it has ended and
    /// descendants live on, one notice says which.
    void attend(SteadyTime now, StopSignals& signals, NoticeSink& notices);
    /// How soon attend() is to be called although neither a signal nor a process's end calls for
    /// it.
    [[nodiscard]] std::optional<Duration> next_word(SteadyTime now) const;

    /// Notes who has ended, and reaps them; never waits.
    void reap(SteadyTime now, StopSignals& signals);
    [[nodiscard]] bool ended() const { return status_.has_value(); }
    /// No child of ours is left: with Orphans::adopted, no descendant.
    [[nodiscard]] bool all_gone() const { return all_gone_; }
    /// 0 to 255, or 128+N when signal N has killed it; 0 as long as it runs.
    [[nodiscard]] int status() const { return status_.value_or(0); }

    /// How often the command is attended to where nobody tells that it has ended.
    static constexpr Duration kAttendEach = std::chrono::milliseconds(50);

    /// Waits for the command's end, or for that of all descendants; attends to it meanwhile. Once
    /// the command has ended, a signal ends the wait.
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
    UniqueFd outcome_;  // the errno of an exec that failed; its end: it has succeeded
    std::vector<GivenFd> given_;
    std::optional<int> status_;
    bool runs_ = false;
    bool all_gone_ = false;
    bool told_left_ = false;
    SteadyTime ended_at_{};
    int stops_seen_ = 0;
    SteadyTime stopped_since_{};
};

}  // namespace logfia
