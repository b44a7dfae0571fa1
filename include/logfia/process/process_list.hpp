#pragma once

#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

/// Appends the PIDs of all processes that a procfs shows, in ascending order. False when they
/// cannot be listed just now: then `error` holds errno.
bool list_processes(const ProcRoot& root, std::vector<pid_t>& out, int* error = nullptr);

/// What anybody may know of a process.
struct ProcessFacts {
    pid_t pid = 0;
    pid_t parent = 0;
    std::string comm;              ///< any bytes; 15 at most (proc_pid_comm(5))
    std::uint64_t start_time = 0;  ///< clock ticks since boot
    bool kernel_thread = false;
    bool zombie = false;  ///< or about to be one: all its threads have ended
};

/// Absent when the process is gone, or when that cannot be read just now: then `error` holds errno.
std::optional<ProcessFacts> read_facts(const ProcRoot& root, pid_t pid, int* error = nullptr);

/// False when it is gone or all its threads have ended; with a `start_time`, also when the number
/// is another process's by now. True when that cannot be read just now.
bool lives(const ProcRoot& root, pid_t pid, std::uint64_t start_time = 0);

/// The effective user, as `ps` shows it. Absent when the process is gone, or when that cannot be
/// read just now: then `error` holds errno.
std::optional<uid_t> user_of(const ProcRoot& root, pid_t pid, int* error = nullptr);

/// The file name of its executable, without the directory and ` (deleted)`. Empty when it has none
/// (a kernel thread, a zombie), is gone, may not be looked into, or when that cannot be read just
/// now: then `error` holds errno.
std::string executable_of(const ProcRoot& root, pid_t pid, int* error = nullptr);

/// True when one of the shell patterns matches the command name or else that of the executable.
/// The command line is never read: it lies in the memory of the process, and reading it can hang.
bool is_named(const ProcRoot& root, const ProcessFacts& facts,
              const std::vector<std::string>& patterns, int* error = nullptr);

}  // namespace logfia
