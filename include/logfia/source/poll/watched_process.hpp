#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/known_fds.hpp>
#include <logfia/process/birth.hpp>
#include <logfia/process/process.hpp>
#include <logfia/socket/socket_query.hpp>
#include <logfia/socket/stall.hpp>
#include <logfia/source/poll/run_gate.hpp>
#include <logfia/source/poll/socket_timetable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

/// One process with all that is remembered of it from look to look.
struct WatchedProcess {
    WatchedProcess(std::uint64_t number, Process p, Birth b, Duration interval)
        : id(number), process(std::move(p)), birth(std::move(b)), gate(interval) {
        socket_access.owner = number;
    }

    std::uint64_t id;  ///< our own number for it: a PID may be given again
    Process process;
    Birth birth;
    RunGate gate;
    FdSnapshot snapshot;
    KnownFds known;
    SocketAccess socket_access;
    SocketTimetable socket_timetable;
    /// Of asking TCP connections for their totals, some with each look.
    struct TotalsRound {
        int from = -1;                ///< the next descriptor; -1: no round is under way
        std::optional<Duration> cpu;  ///< the process's CPU time when the last one began
        SteadyTime next{};            ///< when another one may begin
    };
    TotalsRound totals_round;
    Stall target_stall;        ///< while this holds, epolls are not asked for targets
    std::vector<int> unclear;  ///< descriptors whose links alone cannot tell, ascending
    std::size_t files = 0;     ///< files and directories that may be compared, too
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

inline RunClock clock_of(const WatchedProcess& watched, Duration interval) {
    // Another process that shares the table may do what this one has not.
    const bool shared = !watched.gate.usable() && interval >= RunGate::kShortestInterval;
    return {watched.process.cpu_time(), shared};
}

}  // namespace logfia
