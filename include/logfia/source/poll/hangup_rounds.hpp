#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/socket_schedule.hpp>
#include <logfia/source/poll/watch_list.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <sys/types.h>

#include <cstddef>

namespace logfia {

/// Asks TCP connections, in rounds, whether their peers have closed their sides. Nothing prompts
/// such a question: a FIN arrives while the process sleeps, and the process need not run at all.
///
/// A round takes 1 ms for each connection, but 100 ms at least and 1 s at most, unless there are so
/// many that the looks of a second cannot ask them all: a look asks 512 at most, and fewer where
/// looks come faster than each 100 ms. A round also passes over every known descriptor, which
/// lengthens it where there are many. Where sockets may not be asked themselves, all of them are
/// looked for in one reading of the tables, at most once a second, and more seldom when the tables
/// are long.
class HangupRounds {
  public:
    /// `interval`: between two looks.
    explicit HangupRounds(Duration interval);

    /// To be called with each look, after processes were looked at. True when something was asked.
    bool ask(const ProcRoot& root, const WatchList& processes, SocketSchedule& sockets,
             SteadyTime now);

  private:
    void begin_round(const SocketSchedule& sockets, SteadyTime now);
    bool go_on(const ProcRoot& root, WatchedProcess& watched, SocketSchedule& sockets,
               SteadyTime now);
    [[nodiscard]] Duration round_time() const;

    std::size_t most_;             // questions of one look, through duplicates
    std::size_t left_ = 0;         // of these
    std::size_t asked_ = 0;        // in this look
    std::size_t connections_ = 0;  // of this round, so far
    std::size_t descriptors_ = 0;  // likewise
    bool under_way_ = false;
    bool reads_tables_ = false;  // in this round
    SteadyTime began_{};
    SteadyTime next_{};          // round
    SteadyTime next_reading_{};  // of tables
    pid_t at_process_ = 0;       // where the round goes on
    int at_fd_ = 0;
};

}  // namespace logfia
