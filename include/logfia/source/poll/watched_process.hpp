#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/process/origin.hpp>
#include <logfia/process/process.hpp>
#include <logfia/socket/socket_query.hpp>
#include <logfia/socket/stall.hpp>
#include <logfia/source/poll/run_gate.hpp>
#include <logfia/source/poll/socket_timetable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {

/// Whether another process also changes the table (CLONE_FILES, clone(2)), as far as was seen.
enum class TableSharing : std::uint8_t {
    unseen,
    suspected,  ///< something changed twice while the process slept, if only a file's name
    proved,  ///< descriptors came or went though the process had not run: its clock is no evidence
};

/// The program that a process runs, where that is asked for (ProcessRecords).
struct Program {
    std::string exe;   ///< as the kernel's link names it; empty: not known
    std::string comm;  ///< when that was read
    std::optional<pid_t> parent;
    std::optional<uid_t> user;  ///< the effective one
    bool known = false;         ///< everything that is asked for was read
    bool started = false;       ///< the start of the process was noted
    bool exec_heard = false;    ///< at least once
    bool exec_untold = false;   ///< heard before anything was known of the process
    bool excluded = false;      ///< `--not-name`: what is opened now is not told
    bool to_reveal = false;  ///< descriptors that were opened while it was excluded are to be told
};

/// A process with all that is remembered of it from look to look.
struct WatchedProcess : DescriptorOwner {
    /// `number` is our own: a PID may be given again.
    WatchedProcess(std::uint64_t number, Process p, Origin o);

    /// Reads its name again, where that is possible.
    void refresh_comm(const ProcRoot& root);
    /// Takes a new name that somebody has told (Process::set_comm()).
    void set_comm(const ProcRoot& root, std::string_view comm);
    /// Reads the name again where nothing reports an exec or a new name: once a second, and only
    /// after the process has run. To be called with each look.
    void keep_comm_current(const ProcRoot& root, RunGate::Verdict verdict, SteadyTime now);

    /// Process::run_clock(), by as many questions as are worth it.
    [[nodiscard]] RunClock read_clock(std::optional<Duration> then) const;
    /// Whether the table may have changed since the clock showed `then`, by what the process has
    /// done up to now.
    [[nodiscard]] bool may_have_run_since(std::optional<Duration> then) const {
        return read_clock(then).may_have_run_since(then);
    }

    Process process;
    Origin origin;
    RunGate gate;
    /// As it was read when the last look began, before anything was listed: so a change that came
    /// meanwhile advances the clock beyond it.
    RunClock clock;
    FdSnapshot snapshot;
    std::vector<UniqueFd> links;  ///< by slot, as far as any was held (KeptLinks)
    SocketAccess socket_access;
    SocketTimetable socket_timetable;
    /// The state of asking TCP connections for their totals, some at each look.
    struct TotalsRound {
        int from = -1;                ///< the next descriptor; -1: no round is under way
        std::optional<Duration> cpu;  ///< the process's CPU time when the last one began
        SteadyTime next{};            ///< when another one may begin
    };
    TotalsRound totals_round;
    Stall target_stall;        ///< while this holds, epolls are not asked for targets
    std::vector<int> unclear;  ///< descriptors whose links alone cannot show a change, ascending
    std::size_t files = 0;     ///< files and directories that may be compared, too
    /// The state of comparing descriptors with what is known of them, some at each look.
    struct Round {
        int up_to = -1;               ///< the last one that was compared; -1: none is under way
        std::optional<Duration> cpu;  ///< the process's CPU time when it began
        SteadyTime began{};
        bool seldom = false;  ///< begun though the process had not run since the round before
        bool owed = false;    ///< others had their turns, so that it could not begin or go on
    };
    Round round_of_unclear;
    Round round_of_files;
    /// Of the last look in which something was found.
    struct Rest {
        std::uint32_t look = 0;
        std::optional<Duration> cpu;  ///< the process's CPU time when that look began
    };
    Rest rest;
    TableSharing sharing = TableSharing::unseen;
    SteadyTime next_targets{};
    SteadyTime threads_checked{};
    SteadyTime next_comm{};       ///< when its name is read again, if it has run
    bool ran_since_comm = false;  ///< since that was read last
    SteadyTime probed{};          ///< when it was asked last whether it lives
    Program program;
    std::optional<int> heard_exit;    ///< from the connector, as waitpid(2) gives it
    bool begun = false;               ///< the first look was taken
    std::uint32_t first_look = 0;     ///< the number of that look
    bool looked_at = false;           ///< since that was collected last (ProcessWatcher)
    bool ended = false;               ///< nothing more will come of it
    bool denied = false;              ///< a `lost` record said that links may not be read
    bool look_failed = false;         ///< a `lost` record said that it cannot be listed
    bool threads_told = false;        ///< a notice said that a thread has a table of its own
    bool kernel_thread_told = false;  ///< a notice said that it is one
};

}  // namespace logfia
