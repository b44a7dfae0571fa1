#pragma once

#include <logfia/descriptor/ancestry.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/descriptor/wanted_facts.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/numbers.hpp>
#include <logfia/event/type_set.hpp>
#include <logfia/process/idle_machine.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/detail_asker.hpp>
#include <logfia/source/poll/look.hpp>
#include <logfia/source/poll/process_records.hpp>
#include <logfia/source/poll/replacement_search.hpp>
#include <logfia/source/poll/table_changes.hpp>
#include <logfia/source/poll/table_reader.hpp>
#include <logfia/source/poll/watch_list.hpp>

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace logfia {

struct PollerOptions {
    Interval interval = std::chrono::milliseconds(100);  ///< between two looks
    WantedFacts facts{};                                 ///< of each descriptor
    bool socket_details = true;  ///< false: sockets are not asked what they are
    bool limits = false;         ///< an `open` tells the process's RLIMIT_NOFILE
    bool single_look = false;    ///< there will be no other, to mend what this one has missed
    bool copies = true;          ///< false: no descriptor of a process is duplicated, not for a µs
    bool totals = false;         ///< a `close` of a TCP connection tells what it has carried
    bool targets = false;        ///< the targets of an epoll or its like are asked for again
    bool gate = true;            ///< false: every look is taken, also at a process that has not run
    bool hangups = false;        ///< TCP peers that close their side are noticed
    EventSet process_events{};   ///< of `start`, `exec` and `exit`: those that are wanted
    bool execs_are_heard = false;          ///< note_exec() is called for each (ProcessWatcher)
    std::vector<std::string> not_names{};  ///< shell patterns of programs of which nothing is told
    /// So many descriptors of our own may be spent to make the looks cheaper (KeptLinks).
    std::size_t kept_links = 0;
};

/// Looks at the descriptor tables of processes and makes Events of what has changed. PollSource
/// decides when to look.
class Poller {
  public:
    /// `numbers`, which gives processes and descriptors theirs, must outlive the poller.
    Poller(ProcRoot root, const PollerOptions& options, Numbers& numbers);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    [[nodiscard]] const ProcRoot& root() const { return root_; }
    /// The processes that are looked at.
    [[nodiscard]] WatchList& processes() { return processes_; }
    [[nodiscard]] const WatchList& processes() const { return processes_; }
    [[nodiscard]] const SocketSchedule& sockets() const { return details_.sockets(); }

    /// Looks at every process: each change becomes an Event for the sink, in the order of
    /// records. A process that has ended gives a `close` for each descriptor and is forgotten.
    void look(Now now, EventSink& sink);

    /// Looks in the same way, but only at processes that were added since the last look.
    void look_at_new(Now now, EventSink& sink);

    /// The first look at a command that waits for its exec; the look after after_exec() tells what
    /// it saw.
    void look_ahead(Now now);
    void after_exec();
    /// How the command has ended, once it is reaped.
    void ask_command(ProcessRecords::WaitStatus status) { records_.ask_command(std::move(status)); }
    /// How many processes were added during the watch and had ended before a look at them.
    [[nodiscard]] std::uint64_t unseen() const { return unseen_; }

    /// Reports the ends of those processes whose pidfds are among `ready`, as a look would, without
    /// the cost of a listing. False when no process has a pidfd among them.
    bool reap(std::span<const pollfd> ready, Now now, EventSink& sink);

  private:
    void begin_look(Now now);
    [[nodiscard]] RunClock read_clock(const WatchedProcess& watched);
    RunGate::Verdict judge(WatchedProcess& watched);
    void inspect(WatchedProcess& watched, RunGate::Verdict verdict);
    void note_outcome(WatchedProcess& watched, const LookOutcome& outcome);
    void note_table(WatchedProcess& watched, RunGate::Verdict verdict);
    void check_threads(WatchedProcess& watched);
    void end(WatchedProcess& watched);
    void hear_execs();
    void publish(EventSink& sink);

    ProcRoot root_;
    bool gate_;
    int repeats_;  // of a look after its process has run
    IdleMachine machine_;
    WatchList processes_;
    TableReader reader_;
    Describer describer_;
    DetailAsker details_;
    Ledger ledger_;
    TableChanges changes_;
    ReplacementSearch replacements_;
    ProcessRecords records_;
    std::vector<WatchedProcess*> ended_;  // by their pidfds
    std::vector<std::string> notices_;
    Look look_{{}, FdReader::kHotLooks};  // so that what was there at first is not "hot"
    std::uint64_t seen_ = 0;              // processes, when a look began last
    std::uint64_t unseen_ = 0;
    bool looked_ahead_ = false;  // and did not tell what was seen
};

}  // namespace logfia
