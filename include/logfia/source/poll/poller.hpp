#pragma once

#include <logfia/descriptor/ancestry.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/comparison_turns.hpp>
#include <logfia/source/poll/fd_reader.hpp>
#include <logfia/source/poll/kept_links.hpp>
#include <logfia/source/poll/look_changes.hpp>
#include <logfia/source/poll/socket_asker.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <poll.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace logfia {

struct PollerOptions {
    Interval interval = Interval::back_to_back();  ///< between two looks
    bool socket_details = true;                    ///< false: no socket table is read
    bool limits = false;                           ///< an `open` tells the process's RLIMIT_NOFILE
    bool single_look = false;  ///< there will be no other, to mend what this one has missed
    bool copies = true;        ///< false: no descriptor of a process is duplicated, not for a µs
    bool totals = false;       ///< a `close` of a TCP connection tells what it has carried
    bool targets = false;      ///< what an epoll or its like watches is asked for again
};

/// The source that notices changes by looking at the descriptor tables of processes.
class Poller {
  public:
    Poller(ProcRoot root, PollerOptions options);

    void add(Process process, Birth birth = {});
    [[nodiscard]] const ProcRoot& root() const { return root_; }
    [[nodiscard]] std::size_t watched() const { return processes_.size(); }
    /// True when it is watched, and has not ended as far as its pidfd, or its start time, tells.
    [[nodiscard]] bool watches(pid_t pid, std::uint64_t start_time = 0) const;
    [[nodiscard]] std::vector<pid_t> pids() const;
    /// How many were added up to now.
    [[nodiscard]] std::uint64_t processes_seen() const { return processes_seen_; }

    /// The pidfds of those added since the last call: when one is readable, call `reap`.
    [[nodiscard]] std::vector<int> take_pidfds();
    [[nodiscard]] bool is_pidfd(int fd) const { return by_pidfd_.contains(fd); }

    /// One look at every process: each change becomes an Event for the sink, in the order of the
    /// contract. A process that has ended gives a `close` for each descriptor and is forgotten.
    void look(Now now, EventSink& sink);

    /// The same for those alone that were added since the last look.
    void look_at_new(Now now, EventSink& sink);

    /// The first look at a command that waits for its exec; the look after_exec() tells what it
    /// saw.
    void look_ahead(Now now);
    void after_exec();

    /// The process has called execve(2), which gives it another name. False when it is not watched.
    bool take_exec(pid_t pid);
    /// The process has got another name.
    void take_comm(pid_t pid, std::string_view comm);

    /// The same as a look for those processes alone that have ended: whose pidfds are among
    /// `ready`. Costs no listing. False when none of them is.
    bool reap(std::span<const pollfd> ready, Now now, EventSink& sink);

    /// So many descriptors of our own may be spent to make the looks cheaper (KeptLinks).
    void keep_links(std::size_t most) { links_.allow(most); }

    /// From now on what those had who have ended is kept for their children, within bounds.
    void keep_past() { keeps_past_ = true; }
    /// Another process has this number now.
    void forget_past(pid_t pid) { past_.forget(pid); }

    /// From now on it is noted who was looked at: the others have not run, nor got children.
    void note_looked_at() { notes_looked_at_ = true; }
    /// Replaces what was in `out` by the PIDs noted since the last call.
    void take_looked_at(std::vector<pid_t>& out) {
        out.clear();
        out.swap(looked_at_);
    }

    [[nodiscard]] const SocketAsker& sockets() const { return sockets_; }

  private:
    RunGate::Verdict judge(WatchedProcess& watched);
    void keep_comm_current(WatchedProcess& watched, RunGate::Verdict verdict) const;
    void inspect(WatchedProcess& watched, RunGate::Verdict verdict);
    [[nodiscard]] FdReader::Links links_to_read(const WatchedProcess& watched) const;
    LookOutcome read_table(WatchedProcess& watched);
    void let_go_of_links(WatchedProcess& watched);
    [[nodiscard]] bool is_suspicious(const WatchedProcess& watched,
                                     const LookOutcome& outcome) const;
    void settle(WatchedProcess& watched, const LookOutcome& outcome);
    void prepare_first_look(const WatchedProcess& watched);
    void trace_ancestry(const WatchedProcess& watched);
    [[nodiscard]] const WatchedProcess* newest(pid_t pid) const;
    void remember(WatchedProcess& watched);
    void keep_to_given(const std::vector<GivenFd>& given);
    [[nodiscard]] WatchedProcess* find(pid_t pid) const;
    bool take_changes(WatchedProcess& watched);
    [[nodiscard]] Describer::Sleep judge_sleep(WatchedProcess& watched) const;
    bool take_found(WatchedProcess& watched, std::span<FdEntry* const> found);
    void close(WatchedProcess& watched, std::uint32_t slot);
    void open(WatchedProcess& watched, FdEntry& entry, Description& description);
    bool take_renaming(WatchedProcess& watched, FdEntry& entry, Description& description);
    void list_comparable(WatchedProcess& watched);
    void begin_comparing();
    bool compare(WatchedProcess& watched);
    bool owes_comparison(const WatchedProcess& watched);
    int take_turn(const WatchedProcess& watched, WatchedProcess::Round& round,
                  ComparisonTurns& turns) const;
    static void end_turn(const WatchedProcess& watched, WatchedProcess::Round& round, bool is_over,
                         ComparisonTurns& turns);
    bool compare_unclear(WatchedProcess& watched);
    bool compare_files(WatchedProcess& watched);
    bool replace_if_another(WatchedProcess& watched, WatchedProcess::Round& round, FdEntry& entry);
    void end(WatchedProcess& watched);
    void ask_more(WatchedProcess& watched, std::uint32_t slot);
    void refresh_targets(WatchedProcess& watched);
    void check_threads(WatchedProcess& watched);
    void publish(EventSink& sink);
    void forget_ended();

    ProcRoot root_;
    PollerOptions options_;
    FdReader reader_;
    KeptLinks links_;
    FdSnapshot seen_;  // by the look that is under way; one for all processes
    Describer describer_;
    SocketAsker sockets_;
    std::vector<std::unique_ptr<WatchedProcess>> processes_;  // by PID
    std::unordered_map<int, WatchedProcess*> by_pidfd_;
    std::vector<WatchedProcess*> ended_;
    std::optional<Ancestry> ancestry_;  // of the process whose first look is under way
    std::vector<int> new_pidfds_;
    std::vector<pid_t> looked_at_;
    std::size_t not_begun_ = 0;  // processes that no look was taken at
    std::size_t open_ = 0;       // descriptors, of all processes
    bool some_ended_ = false;
    bool notes_looked_at_ = false;
    bool keeps_past_ = false;
    PastTables past_;
    bool looked_ahead_ = false;  // and did not tell what was seen
    Now now_;
    std::uint64_t processes_seen_ = 0;
    std::uint64_t descriptors_seen_ = 0;
    std::uint32_t look_ = FdReader::kHotLooks;  // so that what was there at first is not "hot"

    std::vector<FdEntry*> found_;            // with a link that was not there before
    std::vector<Description> descriptions_;  // of these
    ComparisonTurns unclear_turns_;
    ComparisonTurns file_turns_;  // the same for files, whose links seldom deceive

    LookChanges changes_;
    std::vector<std::string> notices_;
};

}  // namespace logfia
