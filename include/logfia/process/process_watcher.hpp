#pragma once

#include <logfia/process/origin.hpp>
#include <logfia/process/process.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logfia {

/// Watches the processes that a ProcessSet finds, and releases those that end.
class ProcessWatcher {
  public:
    virtual ~ProcessWatcher() = default;

    virtual void add(Process process, Origin origin) = 0;
    /// How many there are, including those whose end is not reported yet.
    [[nodiscard]] virtual std::size_t watched() const = 0;
    /// True when the process is watched, and has not ended as far as its pidfd, or its start time
    /// if that is not 0, tells. The start time is in clock ticks since boot.
    [[nodiscard]] virtual bool watches(pid_t pid, std::uint64_t start_time) const = 0;
    [[nodiscard]] virtual std::vector<pid_t> pids() const = 0;

    /// The process has called execve(2), which gives it a new name. False when the process is not
    /// watched.
    virtual bool note_exec(pid_t pid) = 0;
    /// The process has ended with this code (waitpid(2)).
    virtual void note_exit(pid_t pid, int code) = 0;
    /// The process has got another name.
    virtual void note_comm(pid_t pid, std::string_view comm) = 0;
    /// The number was given to another process, for which nothing known of the former one is true.
    virtual void forget_past(pid_t pid) = 0;

    /// Replaces the content of `out` by the PIDs of the processes that were looked at since the
    /// last call: all others have neither run nor got children.
    virtual void collect_looked_at(std::vector<pid_t>& out) = 0;
};

}  // namespace logfia
