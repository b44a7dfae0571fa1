#pragma once

#include <logfia/proc/fd_snapshot.hpp>
#include <logfia/proc/known_fds.hpp>
#include <logfia/proc/process.hpp>
#include <logfia/proc/run_gate.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace logfia {

/// A socket whose last word is not spoken: it is in no table, or it has no peer yet. It is asked
/// for again, with growing pauses.
struct SocketQuestion {
    std::uint32_t slot = 0;
    std::optional<Duration> cpu;  ///< the process's CPU time when it was asked last
    Duration pause{};
    SteadyTime next{};
};

/// One process with all that is remembered of it from look to look.
struct WatchedProcess {
    WatchedProcess(std::uint64_t number, Process p, Duration interval)
        : id(number), process(std::move(p)), gate(interval) {}

    std::uint64_t id;  ///< our own number for it: a PID may be given again
    Process process;
    RunGate gate;
    FdSnapshot snapshot;
    KnownFds known;
    std::vector<SocketQuestion> questions;
    SteadyTime next_question = SteadyTime::max();
    SteadyTime threads_checked{};
    SteadyTime probed{};        ///< when it was asked last whether it lives
    bool begun = false;         ///< its first look was taken
    bool ended = false;         ///< nothing more will come of it
    bool denied = false;        ///< a `lost` record said that links may not be read
    bool look_failed = false;   ///< a `lost` record said that it cannot be listed
    bool threads_told = false;  ///< a notice said that a thread has a table of its own
};

}  // namespace logfia
