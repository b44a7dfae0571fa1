#pragma once

#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/reading.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace logfia {

/// How a listing of all processes went.
struct ProcessListing {
    enum class State : std::uint8_t {
        listed,
        failed,  ///< the processes cannot be listed just now: `error` says why
    };
    State state = State::listed;
    int error = 0;  ///< errno of `failed`
};

/// Appends the PIDs of all processes that a procfs shows, in ascending order.
ProcessListing list_processes(const ProcRoot& root, std::vector<pid_t>& out);

/// Facts about a process that any user may read.
struct ProcessFacts {
    pid_t pid = 0;
    pid_t parent = 0;
    std::string comm;              ///< any bytes; 15 at most (proc_pid_comm(5))
    std::uint64_t start_time = 0;  ///< clock ticks since boot
    bool kernel_thread = false;
    bool zombie = false;  ///< or about to be one: all its threads have ended
};

/// Fails when the process is gone (is_gone()), or when that cannot be read just now.
Reading<ProcessFacts> read_facts(const ProcRoot& root, pid_t pid);

/// False when the process is gone or all its threads have ended; with a `start_time`, also when the
/// number is another process's by now. True when this cannot be read just now.
bool lives(const ProcRoot& root, pid_t pid, std::uint64_t start_time = 0);

/// The effective user, as `ps` shows it. Fails when the process is gone, or when that cannot be
/// read just now.
Reading<uid_t> user_of(const ProcRoot& root, pid_t pid);

/// The file name of its executable, without the directory and ` (deleted)`. Fails when it has none
/// (a kernel thread, a zombie), is gone, may not be looked into, or when that cannot be read just
/// now.
Reading<std::string> executable_of(const ProcRoot& root, pid_t pid);

/// The file name in the kernel's link to an executable, without ` (deleted)`. A view into `exe`.
std::string_view program_name(std::string_view exe);

/// True when one of the shell patterns matches.
bool matches_any(const std::vector<std::string>& patterns, const std::string& name);

/// True when one of the shell patterns matches the command name or else the name of the executable;
/// fails when the executable would decide and cannot be read. The command line is never read: it
/// lies in the memory of the process, and reading it can hang.
Reading<bool> is_named(const ProcRoot& root, const ProcessFacts& facts,
                       const std::vector<std::string>& patterns);

}  // namespace logfia
