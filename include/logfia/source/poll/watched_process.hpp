#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/process/origin.hpp>
#include <logfia/process/process.hpp>
#include <logfia/socket/stall.hpp>
#include <logfia/source/poll/run_gate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {

/// A socket whose last word is not spoken: it is in no table, or it has no peer yet. It is asked
/// again whenever its process has run.
struct SocketQuestion {
    std::uint32_t slot = 0;
    std::uint32_t turn = 0;       ///< the look in which it was asked last, as SocketAsker counts
    std::optional<Duration> cpu;  ///< the process's CPU time then; absent: it had no clock, or
                                  ///< the answer was none, or half a one
    SteadyTime asked{};
    Duration pause{};      ///< between two readings of a table for it
    SteadyTime reading{};  ///< no table is read for it before
};

/// How the sockets of a process are asked for what they are.
enum class SocketWay : std::uint8_t {
    copies,  ///< themselves, as long as nothing speaks against it
    tables,
};

/// Whether another process changes the table too (CLONE_FILES, clone(2)), as far as was seen.
enum class TableSharing : std::uint8_t {
    unseen,
    suspected,  ///< something changed twice while the process slept, if only a file's name
    proved,     ///< descriptors came or went though the process had not run: its clock says nothing
};

/// A process with all that is remembered of it from look to look.
struct WatchedProcess : DescriptorOwner {
    /// `number` is our own: a PID may be given again. `interval` lies between two looks.
    WatchedProcess(std::uint64_t number, Process p, Origin o, Duration interval);

    /// Reads its name again, where that is possible.
    void refresh_comm(const ProcRoot& root);
    /// Takes a new name that somebody has told (Process::set_comm()).
    void set_comm(const ProcRoot& root, std::string_view comm);
    /// Reads the name where nobody tells of an exec or of a new name: once in a second, and only
    /// after the process has run. To be called with each look.
    void keep_comm_current(const ProcRoot& root, RunGate::Verdict verdict, SteadyTime now);

    Process process;
    Origin origin;
    RunGate gate;
    FdSnapshot snapshot;
    std::vector<UniqueFd> links;  ///< by slot, as far as any was held (KeptLinks)
    SocketWay socket_way = SocketWay::copies;
    Stall socket_stall;  ///< while it holds, sockets are looked up in the tables
    Stall target_stall;  ///< while it holds, epolls are not asked for targets
    std::vector<SocketQuestion> questions;
    int sampling_from = -1;               ///< the next descriptor of a round; -1: none
    std::optional<Duration> sampled_cpu;  ///< the CPU time when the last round began
    std::vector<int> unclear;             ///< descriptors whose links alone cannot tell, ascending
    std::size_t files = 0;                ///< files and directories that may be compared, too
    /// Of comparing descriptors with what is known of them, some with each look.
    struct Round {
        int up_to = -1;               ///< the last one that was compared; -1: none is under way
        std::optional<Duration> cpu;  ///< the process's CPU time when it began
        SteadyTime began{};
        bool seldom = false;  ///< it began though the process had not run since the one before
        bool owed = false;    ///< others had their turns, so that it could not begin or go on
    };
    Round round_of_unclear;
    Round round_of_files;
    /// Of the last look in which something was found.
    struct Rest {
        std::uint32_t look = 0;
        std::optional<Duration> cpu;  ///< the process's CPU time, if it slept
    };
    Rest rest;
    TableSharing sharing = TableSharing::unseen;
    std::optional<Duration> asked_cpu;  ///< the CPU time when all questions were asked
    SteadyTime next_question{};  ///< before that none is asked, unless it has run since asked_cpu
    /// When questions that were not asked since it ran are to be: a look is worth its cost then,
    /// though it has not run any more.
    SteadyTime late_question = SteadyTime::max();
    SteadyTime next_sample{};
    SteadyTime next_targets{};
    SteadyTime threads_checked{};
    SteadyTime next_comm{};           ///< when its name is read again, if it has run
    bool ran_since_comm = false;      ///< since that was read last
    SteadyTime probed{};              ///< when it was asked last whether it lives
    bool begun = false;               ///< the first look was taken
    bool looked_at = false;           ///< since that was collected last (ProcessWatcher)
    bool ended = false;               ///< nothing more will come of it
    bool denied = false;              ///< a `lost` record said that links may not be read
    bool look_failed = false;         ///< a `lost` record said that it cannot be listed
    bool threads_told = false;        ///< a notice said that a thread has a table of its own
    bool kernel_thread_told = false;  ///< a notice said that it is one
};

}  // namespace logfia
