#pragma once

#include <logfia/process/process.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <optional>

namespace logfia {

/// How a process has ended, as waitpid(2) would give it to its parent; absent when the kernel does
/// not tell us. The pidfd tells once the process is reaped (PIDFD_GET_INFO, since Linux 6.15);
/// until then `/proc/N/stat` does, to whom may look into the process.
std::optional<int> exit_code_of(const ProcRoot& root, const Process& process);

/// The same of a process of which only a pidfd is held.
std::optional<int> exit_code_of(const ProcRoot& root, pid_t pid, int pidfd);

}  // namespace logfia
