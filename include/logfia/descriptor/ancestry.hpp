#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/parent_table.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace logfia {

/// The tables that a new process can have inherited from: its parent's and, if the parent was never
/// looked at or is gone, the grandparent's, and so on.
class Ancestry {
  public:
    /// Adds the next older ancestor. `lives`: its table may be read; otherwise the PID may be
    /// another process's by now. `last_seen`, if the process was looked at, must outlive this
    /// object.
    void add(const ProcRoot& root, pid_t pid, bool lives, const FdSnapshot* last_seen);

    /// True when `child` is known to have inherited `fd` under that name, or when `fd` is a pipe: a
    /// shell makes the pipes of a pipeline just before the fork and closes its own ends just after,
    /// so that no look may have seen them. Without any known ancestor, the standard streams count
    /// as inherited too.
    [[nodiscard]] bool is_inherited(pid_t child, int fd, std::string_view name) const;

  private:
    std::vector<ParentTable> tables_;
    bool known_ = false;
};

/// The last tables of processes that have ended, for the children that they left behind.
class PastTables {
  public:
    static constexpr std::size_t kMost = 64;
    static constexpr std::size_t kMostDescriptors = 1024;

    /// Keeps the table of a process that has ended, unless it is large; the oldest tables make
    /// room.
    void keep(pid_t pid, FdSnapshot table);
    /// Keeps the table of the command, which never makes room for others: orphans of the command
    /// may come at any time.
    void keep_for_good(pid_t pid, FdSnapshot table);
    /// The PID now belongs to another process.
    void forget(pid_t pid);
    [[nodiscard]] const FdSnapshot* find(pid_t pid) const;

  private:
    struct Past {
        pid_t pid = 0;  // 0: forgotten
        FdSnapshot table{};
    };
    std::vector<Past> tables_;
    std::size_t oldest_ = 0;
    Past for_good_;
};

}  // namespace logfia
