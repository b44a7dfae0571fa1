#pragma once

#include <logfia/event/event_sink.hpp>
#include <logfia/proc/describer.hpp>
#include <logfia/proc/proc_root.hpp>
#include <logfia/proc/socket_asker.hpp>
#include <logfia/proc/watched_process.hpp>

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

namespace logfia {

struct PollerOptions {
    Duration interval{};         ///< between two looks
    bool socket_details = true;  ///< false: no socket table is read
};

/// The source that notices changes by looking at the descriptor tables of processes.
class Poller {
  public:
    Poller(ProcRoot root, PollerOptions options);

    void add(Process process);
    [[nodiscard]] const ProcRoot& root() const { return root_; }
    [[nodiscard]] std::size_t watched() const { return processes_.size(); }

    /// Appends what becomes readable when a process ends: then call `reap`.
    void collect(std::vector<pollfd>& out) const;
    [[nodiscard]] bool is_pidfd(int fd) const;

    /// One look at every process: each change becomes an Event for the sink, in the order of the
    /// contract. A process that has ended gives a `close` for each descriptor and is forgotten.
    void look(Now now, EventSink& sink);

    /// The same for those processes alone that have ended; costs no listing.
    void reap(Now now, EventSink& sink);

    [[nodiscard]] const SocketAsker& sockets() const { return sockets_; }

  private:
    struct Change {
        WatchedProcess* process;
        std::uint32_t slot;
    };
    struct Renaming {
        Change change;
        std::string old_name;
    };
    struct Loss {
        WatchedProcess* process;
        std::string reason;
    };

    RunGate::Verdict judge(WatchedProcess& watched) const;
    void inspect(WatchedProcess& watched, RunGate::Verdict verdict);
    LookOutcome read_table(WatchedProcess& watched);
    [[nodiscard]] bool is_suspicious(const WatchedProcess& watched,
                                     const LookOutcome& outcome) const;
    void settle(WatchedProcess& watched, const LookOutcome& outcome);
    bool take_changes(WatchedProcess& watched);
    std::uint32_t learn(WatchedProcess& watched, const FdEntry& entry);
    bool take_renaming(WatchedProcess& watched, const FdEntry& before, FdEntry& after);
    void end(WatchedProcess& watched);
    void check_threads(WatchedProcess& watched);
    void publish(EventSink& sink);
    void publish_losses(EventSink& sink);
    void publish_progress(EventSink& sink);
    Event event_of(EventKind kind, WatchedProcess& watched, const KnownFd& known) const;
    void forget_ended();

    ProcRoot root_;
    PollerOptions options_;
    FdReader reader_;
    FdSnapshot seen_;  // by the look that is under way; one for all processes
    Describer describer_;
    SocketAsker sockets_;
    std::vector<std::unique_ptr<WatchedProcess>> processes_;  // by PID
    Now now_;
    std::uint64_t processes_seen_ = 0;
    std::uint64_t descriptors_seen_ = 0;
    std::uint32_t look_ = FdReader::kHotLooks;  // so that what was there at first is not "hot"

    std::vector<Loss> losses_;
    std::vector<Change> closes_;
    std::vector<Change> opens_;
    std::vector<Renaming> renames_;
    std::vector<std::string> notices_;
};

}  // namespace logfia
