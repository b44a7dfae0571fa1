#pragma once

#include <logfia/proc/fd_snapshot.hpp>
#include <logfia/proc/known_fds.hpp>
#include <logfia/proc/process.hpp>
#include <logfia/proc/run_gate.hpp>

#include <cstdint>
#include <optional>
#include <string>
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

/// How the sockets of a process are asked for what they are.
enum class SocketWay : std::uint8_t {
    copies,  ///< themselves, as long as nothing speaks against it
    tables,
};

/// A descriptor that a process was started with.
struct GivenFd {
    int fd = -1;
    std::string name;  ///< the kernel's link
};

/// How a process came to be watched, which tells what was open in it `initial`ly.
struct Birth {
    enum class When : std::uint8_t {
        before,  ///< it runs already: all that its first look sees
        during,  ///< its start was noticed: what its parent has at that number under that name
        by_us,   ///< it waits for its exec: what it is `given`, and nothing else is to be seen yet
    };
    When when = When::before;
    pid_t parent = 0;              ///< `during`; 0: not known, then all that its first look sees
    std::vector<GivenFd> given{};  ///< `by_us`
};

/// One process with all that is remembered of it from look to look.
struct WatchedProcess {
    WatchedProcess(std::uint64_t number, Process p, Birth b, Duration interval)
        : id(number), process(std::move(p)), birth(std::move(b)), gate(interval) {}

    std::uint64_t id;  ///< our own number for it: a PID may be given again
    Process process;
    Birth birth;
    RunGate gate;
    FdSnapshot snapshot;
    KnownFds known;
    SocketWay socket_way = SocketWay::copies;
    std::vector<SocketQuestion> questions;
    int sampling_from = -1;                 ///< the next descriptor of a round; -1: none
    std::optional<Duration> sampled_cpu;    ///< its CPU time when the last round began
    std::optional<std::uint64_t> fd_limit;  ///< its RLIMIT_NOFILE, where that is asked for
    SteadyTime next_question = SteadyTime::max();
    SteadyTime next_sample{};
    SteadyTime next_targets{};
    bool targets_stuck = false;  ///< what its epolls watch is not asked for any more
    SteadyTime threads_checked{};
    SteadyTime next_comm{};       ///< when its name is read again, if it has run
    bool ran_since_comm = false;  ///< since that was read last
    SteadyTime probed{};          ///< when it was asked last whether it lives
    bool begun = false;           ///< its first look was taken
    bool ended = false;           ///< nothing more will come of it
    bool denied = false;          ///< a `lost` record said that links may not be read
    bool look_failed = false;     ///< a `lost` record said that it cannot be listed
    bool threads_told = false;    ///< a notice said that a thread has a table of its own
};

}  // namespace logfia
