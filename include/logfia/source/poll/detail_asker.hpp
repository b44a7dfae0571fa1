#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/socket_asker.hpp>
#include <logfia/source/poll/watch_list.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>

namespace logfia {

/// Asks for what a descriptor's link and fdinfo do not tell: what a socket is and becomes, and what
/// an epoll or its like watches.
class DetailAsker {
  public:
    struct Options {
        SocketAsker::Options sockets;
        bool socket_details = true;  ///< false: sockets are not asked
        bool totals = false;         ///< the totals of TCP connections too
        bool targets = false;        ///< false: nobody is asked what an epoll watches
    };
    /// `describer` must outlive it.
    DetailAsker(Options options, Describer& describer)
        : options_(options), describer_(describer), sockets_(options.sockets) {}

    /// With each look, also with one that finds all processes asleep.
    void begin_look() { sockets_.hear_ends(); }
    /// A descriptor that was opened, of a process that is acquired.
    void ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Asks again what is due of a process, which must be acquired.
    void ask_again(WatchedProcess& watched, SteadyTime now);
    /// The descriptor is closed: nothing more is asked of it.
    static void forget(WatchedProcess& watched, std::uint32_t slot) {
        SocketAsker::forget(watched, slot);
    }
    /// Fills in the answers to all that was asked in this look.
    void answer(const ProcRoot& root, SteadyTime now, const WatchList& processes) {
        sockets_.answer(root, now, processes.all());
    }
    /// Before the ledger is published: notes what sockets have become, and completes the totals of
    /// those that are closed.
    void finish(Ledger& ledger);

    /// A line that the user should read, once each time; null: nothing new.
    const char* new_notice() { return sockets_.take_notice(); }
    [[nodiscard]] const SocketAsker& sockets() const { return sockets_; }

  private:
    void refresh_targets(WatchedProcess& watched, SteadyTime now);

    Options options_;
    Describer& describer_;
    SocketAsker sockets_;
};

}  // namespace logfia
