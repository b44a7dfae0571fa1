#pragma once

#include <logfia/base/error.hpp>
#include <logfia/process/command.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/seccomp/change_queue.hpp>
#include <logfia/source/seccomp/filter_step.hpp>
#include <logfia/source/seccomp/guard.hpp>
#include <logfia/source/seccomp/listener.hpp>
#include <logfia/source/seccomp/supervisor.hpp>

#include <sys/types.h>

#include <memory>
#include <utility>

namespace logfia {

/// The parts of an exact watch of a command besides its source: the guard, the filter, and the
/// thread that serves the calls. Lives as long as we do, since calls stop even when nothing is told
/// of them any more.
class ExactWatch {
  public:
    /// Starts the guard: to be called before the command is started, while we have one thread.
    static Result<std::unique_ptr<ExactWatch>> create(ProcRoot root,
                                                      const Supervisor::Options& options);

    /// To be given to the command (CommandPlan).
    [[nodiscard]] ChildStep& step() { return step_; }
    /// To be called once the command was started, before Command::go().
    Result<bool> serve(pid_t command);

    [[nodiscard]] ChangeQueue& queue() { return *queue_; }
    [[nodiscard]] Supervisor& supervisor() { return supervisor_; }
    [[nodiscard]] const Supervisor& supervisor() const { return supervisor_; }

  private:
    struct Sockets {
        UniqueFd ours;
        UniqueFd childs;
    };
    ExactWatch(ProcRoot root, NoticePage page, Guard guard, std::unique_ptr<ChangeQueue> queue,
               Sockets sockets, const Supervisor::Options& options);

    ProcRoot root_;
    NoticePage page_;
    Guard guard_;
    std::unique_ptr<ChangeQueue> queue_;
    FilterStep step_;
    Supervisor supervisor_;
};

}  // namespace logfia
