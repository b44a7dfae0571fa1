#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/parent_table.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace logfia {

/// The source of whatever a new process can have inherited: the tables of its parent and, when
/// nobody has looked at that one or it is gone, of the parent's own parent and so on.
class Ancestry {
  public:
    /// The next one up. `lives`: its table may be asked for; else its number may be another's by
    /// now. `last_seen`, when somebody has looked at it, must outlive this.
    void add(const ProcRoot& root, pid_t pid, bool lives, const FdSnapshot* last_seen);

    /// True when `child` is known to have inherited it, under that number and name, or it is a
    /// pipe: those of a pipeline are made just before the fork and closed in the parent just after,
    /// so that nobody may have seen them. Of whoever has no known ancestor, the standard streams
    /// count too.
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

    /// The oldest ones make room; a large one is not kept.
    void keep(pid_t pid, FdSnapshot table);
    /// Orphans of the command may come at any time: its table never makes room for others.
    void keep_for_good(pid_t pid, FdSnapshot table);
    /// The number is another process's now.
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
