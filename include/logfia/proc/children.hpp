#pragma once

#include <logfia/proc/proc_root.hpp>

#include <sys/types.h>

#include <string_view>
#include <vector>

namespace logfia {

/// Appends the PIDs of the children of all threads of a process, from `/proc/N/task/*/children`
/// (proc_pid_tid_children(5): a child that ends while they are read may hide another). Nothing when
/// it is gone. False when the kernel has no such files.
bool append_children(const ProcRoot& root, pid_t pid, std::vector<pid_t>& out);

/// Appends the numbers of `1 22 333 `; stops at what is none. The last one counts only with its
/// space behind it: else it may be cut.
void parse_children(std::string_view bytes, std::vector<pid_t>& out);

}  // namespace logfia
