#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <string_view>

namespace logfia {

/// The descriptors of a process's parent, to tell what a new process has inherited from what it
/// has opened itself: a child is born with a copy of its parent's table (fork(2)).
class ParentTable {
  public:
    /// `parent` of 0: it is gone. `last_seen`, when it is or was watched, must outlive this.
    ParentTable(const ProcRoot& root, pid_t parent, const FdSnapshot* last_seen);

    /// True when `child` was born with `name` at that number: the parent has, or had, the same
    /// there, or it is a pipe. A shell makes the pipes of a pipeline just before the fork and
    /// closes its own ends just after, so that no look may have seen them. A file that both have
    /// there now under one name is not inherited if the two are different open file descriptions,
    /// as far as kcmp(2) tells.
    [[nodiscard]] bool is_inherited(pid_t child, int fd, std::string_view name) const;
    /// False for a parent that is gone or may not be looked into.
    [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_dir_); }

  private:
    [[nodiscard]] bool has_now(int fd, std::string_view name) const;

    pid_t pid_ = 0;    // only if kcmp(2) knows the process by that number
    UniqueFd fd_dir_;  // only while it can tell
    const FdSnapshot* last_seen_;
};

}  // namespace logfia
