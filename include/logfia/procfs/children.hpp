#pragma once

#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace logfia {

/// How a listing of children went.
struct ChildrenListing {
    enum class State : std::uint8_t {
        listed,       ///< also when the process is gone
        unsupported,  ///< the kernel has no such files (CONFIG_PROC_CHILDREN)
        failed,       ///< of some thread at least: `error` says why
    };
    State state = State::listed;
    int error = 0;  ///< errno of `failed`
};

/// Appends the PIDs of the children of all threads of a process, from `/proc/N/task/*/children`
/// (proc_pid_tid_children(5): a child that ends while they are read may hide another).
ChildrenListing append_children(const ProcRoot& root, pid_t pid, std::vector<pid_t>& out);

/// Appends the numbers of `1 22 333 `; stops at anything else. The last number counts only if a
/// space follows: otherwise it may be cut.
void parse_children(std::string_view bytes, std::vector<pid_t>& out);

}  // namespace logfia
