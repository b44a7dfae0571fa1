#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/known_fds.hpp>
#include <logfia/process/birth.hpp>
#include <logfia/process/process.hpp>
#include <logfia/socket/stall.hpp>
#include <logfia/source/poll/run_gate.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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

/// One process with all that is remembered of it from look to look.
struct WatchedProcess {
    WatchedProcess(std::uint64_t number, Process p, Birth b, Interval interval)
        : id(number), process(std::move(p)), birth(std::move(b)), gate(interval) {}

    std::uint64_t id;  ///< our own number for it: a PID may be given again
    Process process;
    Birth birth;
    RunGate gate;
    FdSnapshot snapshot;
    KnownFds known;
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
        std::uint64_t look = 0;
        std::optional<Duration> cpu;  ///< the process's CPU time, if it slept
        bool shared = false;          ///< another process changes its table
    };
    Rest rest;
    std::optional<std::uint64_t> fd_limit;  ///< its RLIMIT_NOFILE, where that is asked for
    std::optional<Duration> asked_cpu;      ///< the CPU time when all questions were asked
    SteadyTime next_question{};  ///< before that none is asked, unless it has run since asked_cpu
    /// When questions that were not asked since it ran are to be: a look is worth its cost then,
    /// though it has not run any more.
    SteadyTime late_question = SteadyTime::max();
    SteadyTime next_sample{};
    SteadyTime next_targets{};
    SteadyTime threads_checked{};
    SteadyTime next_comm{};       ///< when its name is read again, if it has run
    bool ran_since_comm = false;  ///< since that was read last
    SteadyTime probed{};          ///< when it was asked last whether it lives
    bool begun = false;           ///< the first look was taken
    bool ended = false;           ///< nothing more will come of it
    bool denied = false;          ///< a `lost` record said that links may not be read
    bool look_failed = false;     ///< a `lost` record said that it cannot be listed
    bool threads_told = false;    ///< a notice said that a thread has a table of its own
};

}  // namespace logfia
