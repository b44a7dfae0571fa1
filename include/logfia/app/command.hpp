#pragma once

#include <logfia/app/signals.hpp>
#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/proc/watched_process.hpp>

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

enum class Orphans {
    left,     ///< they become somebody else's children
    adopted,  ///< they become ours: we are the subreaper of the command's descendants (prctl(2))
};

/// How a command is started.
struct CommandPlan {
    std::vector<std::string> argv;  ///< not empty; the first is looked for in PATH
    InheritedSignals signals;       ///< it gets them back
    std::vector<int> closed;        ///< standard streams that were closed when we were started
    Orphans orphans = Orphans::left;
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

    /// Lets it call exec, and waits until it has: none of our descriptors is in its table then.
    /// Returns 0, or the errno of execvp(3); or that of write(2), when it could not even be told.
    int go();

    [[nodiscard]] bool started() const { return runs_; }

    /// Notes who has ended, and reaps them; never waits.
    void reap();
    [[nodiscard]] bool ended() const { return status_.has_value(); }
    /// No child of ours is left: with Orphans::adopted, no descendant.
    [[nodiscard]] bool all_gone() const { return all_gone_; }
    /// 0 to 255, or 128+N when signal N has killed it; 0 as long as it runs.
    [[nodiscard]] int status() const { return status_.value_or(0); }

    void send(int signal) const;
    /// To be called at each tick: when the command was stopped and we were not, we stop too, so
    /// that the shell learns it; and when we are continued, so is the command.
    void follow_stops(SteadyTime now);

    /// Waits for its end, or for that of all descendants; passes signals on meanwhile.
    enum class Until { it_ends, all_end };
    void wait(Until until, const StopSignals& signals);

  private:
    Command() = default;
    [[noreturn]] static void run_child(const CommandPlan& plan, char* const* argv, int go,
                                       int outcome);

    std::string name_;
    pid_t pid_ = 0;
    Orphans orphans_ = Orphans::left;
    UniqueFd go_;       // a byte lets the child call exec
    UniqueFd outcome_;  // the errno of an exec that failed; its end: it has succeeded
    std::vector<GivenFd> given_;
    std::optional<int> status_;
    bool runs_ = false;
    bool all_gone_ = false;
    int stops_seen_ = 0;
    SteadyTime stopped_since_{};
};

}  // namespace logfia
