#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/socket_probe.hpp>
#include <logfia/source/poll/epoll_targets.hpp>
#include <logfia/source/poll/hangup_rounds.hpp>
#include <logfia/source/poll/socket_schedule.hpp>
#include <logfia/source/poll/unix_peers.hpp>
#include <logfia/source/poll/watch_list.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>

namespace logfia {

/// Asks for what a descriptor's link and fdinfo do not tell: what a socket is and becomes, and what
/// an epoll, inotify or fanotify watches.
class DetailAsker {
  public:
    struct Options {
        Duration interval{};  ///< between two looks
        SocketProbe::Options sockets;
        bool socket_details = true;  ///< false: sockets are not asked
        bool totals = false;         ///< the totals of TCP connections too
        bool targets = false;        ///< false: nobody is asked what an epoll watches
        bool hangups = false;  ///< whether the peers of TCP connections have closed their sides
    };
    /// `describer` must outlive it.
    DetailAsker(const Options& options, Describer& describer);

    /// To be called with each look, even one that finds all processes asleep.
    void begin_look() { sockets_.hear_ends(); }
    /// Asks about a new descriptor, of a process that is acquired.
    void ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Repeats the questions about a process that are due; the process must be acquired.
    void ask_again(WatchedProcess& watched, SteadyTime now);
    /// Asks connections of any process, whether it has run or not. To be called with each look,
    /// after processes were looked at. True when something was asked.
    bool ask_for_hangups(const ProcRoot& root, const WatchList& processes, SteadyTime now);
    /// The descriptor is closed: nothing more is asked of it.
    static void forget(WatchedProcess& watched, std::uint32_t slot) {
        watched.socket_timetable.forget(slot);
    }
    /// Fills in the answers to everything that was asked in this look.
    void answer(const ProcRoot& root, SteadyTime now, const WatchList& processes);
    /// Before the ledger is published: notes what sockets have become, names the peers of unix
    /// sockets, and completes the totals of connections that are closed.
    void finish(const WatchList& processes, Ledger& ledger);

    /// A line for the user, returned once whenever the problem begins; null: nothing new.
    const char* new_notice() { return sockets_.new_notice(); }
    [[nodiscard]] const SocketSchedule& sockets() const { return sockets_; }

  private:
    void refresh_targets(WatchedProcess& watched, SteadyTime now);

    Options options_;
    Describer& describer_;
    BlockingAsker asker_;
    SocketSchedule sockets_;
    EpollTargets epoll_targets_;
    HangupRounds hangups_;
    UnixPeers unix_peers_;
};

}  // namespace logfia
