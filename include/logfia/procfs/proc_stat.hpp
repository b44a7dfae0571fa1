#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// The fields of `/proc/N/stat` that are needed here (proc_pid_stat(5)).
struct ProcStat {
    std::string comm;  ///< any bytes but NUL
    char state = '?';  ///< `R`, `S`, `Z`, …
    pid_t parent = 0;
    std::uint32_t flags = 0;       ///< PF_* of <linux/sched.h>
    int threads = 0;               ///< the living ones, and a first one that is a zombie
    std::uint64_t start_time = 0;  ///< clock ticks since boot

    /// PF_KTHREAD: it has no descriptors of its own.
    [[nodiscard]] bool is_kernel_thread() const { return (flags & 0x00200000U) != 0; }
    /// True of a thread that has ended or is about to: with PF_EXITING its memory is gone already,
    /// and with that the right to look at its descriptors (exit_mm(), kernel/exit.c), though the
    /// state is not `Z` before its parent is told.
    [[nodiscard]] bool is_ending() const {
        return state == 'Z' || state == 'X' || state == 'x' || (flags & 0x00000004U) != 0;
    }
    bool operator==(const ProcStat&) const = default;
};

/// Absent when the row is malformed or ends before its 22nd field does.
std::optional<ProcStat> parse_proc_stat(std::string_view bytes);

/// The fields of `/proc/N/stat` that say whether a process can be running.
struct RunState {
    char state = '?';
    int threads = 0;
    std::uint64_t start_time = 0;

    /// True of a thread that does nothing until somebody wakes it: also in the middle of a system
    /// call (`D`), stopped, or held by a tracer. (`I` and `P` are kernel threads'.)
    [[nodiscard]] bool is_asleep() const {
        return std::string_view("SDTtIP").find(state) != std::string_view::npos;
    }
    /// True of a thread that has ended, and never runs again.
    [[nodiscard]] bool has_ended() const { return state == 'Z' || state == 'X'; }
    bool operator==(const RunState&) const = default;
};

/// As parse_proc_stat(), for questions that come with each look.
std::optional<RunState> parse_run_state(std::string_view bytes);

/// Where the kernel has put the stack and the arguments of the program that a process runs: fields
/// 28 and 48. An exec puts them elsewhere.
struct ProgramImage {
    std::uint64_t stack = 0;
    std::uint64_t arguments = 0;
    bool operator==(const ProgramImage&) const = default;
};

/// Absent when the row is malformed or cut, and where the kernel hides the fields: from strangers,
/// and when the process is about to end.
std::optional<ProgramImage> parse_program_image(std::string_view bytes);

/// The lines of `/proc/N/status` that are needed here (proc_pid_status(5)).
struct ProcStatus {
    std::optional<int> tgid;
    std::optional<int> parent;  ///< a process
    int nspid_count = 0;        ///< in how many nested PID namespaces it has a number; 0: not told
    std::optional<uid_t> uid;   ///< the real one
    std::optional<uid_t> euid;  ///< the effective one

    bool operator==(const ProcStatus&) const = default;
};

/// A line without its newline is not trusted; malformed lines count as absent.
ProcStatus parse_proc_status(std::string_view bytes);

}  // namespace logfia
