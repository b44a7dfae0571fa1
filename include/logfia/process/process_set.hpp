#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/interval.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/process/descriptor_budget.hpp>
#include <logfia/process/family.hpp>
#include <logfia/process/name_flood.hpp>
#include <logfia/process/pending_processes.hpp>
#include <logfia/process/process_events.hpp>
#include <logfia/process/process_list.hpp>
#include <logfia/process/process_watcher.hpp>
#include <logfia/procfs/children.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/reading.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logfia {

/// The processes that are to be watched.
struct WantedProcesses {
    std::vector<pid_t> pids;
    std::vector<std::string> names;  ///< shell patterns
    std::optional<uid_t> user;       ///< with `names` or `all`: only of this user
    bool all = false;                ///< every process that may be looked into
    bool follow = false;             ///< descendants too
    bool waits = true;               ///< for processes that come later
    bool orphans_are_ours = false;   ///< orphaned descendants become our children (prctl(2))
    Interval interval = Interval::back_to_back();  ///< between two looks

    /// Processes that come later may have to be found by their names.
    [[nodiscard]] bool by_name() const { return all || !names.empty(); }
    /// How many processes to have descriptors for (DescriptorBudget).
    [[nodiscard]] std::size_t expected() const;
};

/// Keeps the set of watched processes up to date while processes come and go: finds new ones and
/// hands them to the watcher, which releases those that end.
///
/// The kernel's process connector reports each new process at once. Without the connector, the
/// children of the processes just looked at are listed with each look, and all of procfs is listed
/// to find names.
class ProcessSet {
  public:
    /// `root` and `watcher` must outlive the set.
    ProcessSet(WantedProcesses wanted, const DescriptorBudget& budget, const ProcRoot& root,
               ProcessWatcher& watcher);

    /// Adds what is there now; the errors are those of `pids` that cannot be watched.
    std::vector<Error> begin(EventSink& sink);
    /// Adds a command of our own, which waits for its exec.
    Result<bool> begin_with(pid_t command, std::vector<GivenFd> given);
    [[nodiscard]] bool watches_any() const { return watcher_.watched() > 0; }
    /// True when processes may come although none is watched just now.
    [[nodiscard]] bool awaits_more() const {
        return wanted_.waits &&
               (wanted_.by_name() || pending_.count(PendingProcess::Why::lacking) > 0);
    }

    /// Becomes readable when processes have come: then call read_news(). -1: there is no connector.
    [[nodiscard]] int news_fd() const { return events_ ? events_->fd() : -1; }
    enum class News : std::uint8_t { all_heard, more };
    /// Reads some news, at most ProcessEvents::kMostAtOnce. To be called before processes that have
    /// ended are reaped: a child is known by its parent.
    News read_news(Now now, EventSink& sink);
    /// Does what the connector's news call for, in their order.
    void hear(std::span<const ProcessEvent> news, EventSink& sink);

    /// Before each look.
    void refresh(Now now, EventSink& sink);
    /// Lists children after each look; true when some were added, which then need a look of their
    /// own.
    bool adopt_children(EventSink& sink);

  private:
    /// A process that is not watched but may come to be, for example by its name after an exec.
    struct Candidate {
        pid_t pid;
        SteadyTime next;  ///< when it is judged again
        Duration pause;
    };
    enum class Judgement : std::uint8_t { settled, unwanted };

    bool add(const ProcessFacts& facts, Origin origin, EventSink& sink);
    bool adopt(pid_t pid, pid_t parent, EventSink& sink);
    void add_descendants(EventSink& sink);
    Judgement judge(pid_t pid, EventSink& sink);
    [[nodiscard]] bool is_watched(pid_t pid) const { return watcher_.watches(pid, 0); }
    [[nodiscard]] Reading<bool> is_wanted(const ProcessFacts& facts) const;
    void put_off(PendingProcess process, const Error& error, EventSink& sink);
    void tell_pending(const PendingProcess& process, const Error& error, EventSink& sink);
    void wait_for_reaping(const ProcessFacts& facts);
    void try_again(EventSink& sink);
    void try_again(PendingProcess process, EventSink& sink);
    [[nodiscard]] bool has_parent_here(const ProcessFacts& facts) const;
    void scan(EventSink& sink);
    void tell_unlisted(const Error& error, EventSink& sink);
    ChildrenListing::State list_children(pid_t parent, EventSink& sink);
    bool adopt_by_parents(EventSink& sink);
    void try_descendants_again();
    void on_fork(pid_t pid, pid_t parent, EventSink& sink);
    void on_exec(pid_t pid, EventSink& sink);
    void on_exit(pid_t pid);
    [[nodiscard]] bool makes_siblings(pid_t parent) const;
    void forget_dead();
    void recover(Now now, EventSink& sink);
    void tell_start(EventSink& sink);

    WantedProcesses wanted_;
    DescriptorBudget budget_;
    const ProcRoot& root_;
    ProcessWatcher& watcher_;
    std::optional<ProcessEvents> events_;
    std::vector<ProcessEvent> news_;
    NameFlood name_flood_;
    /// The processes that are followed, by what the connector tells; also those that may not be
    /// looked into, since their children may.
    Family family_;
    PendingProcesses pending_;
    std::vector<PendingProcess> due_;
    pid_t command_ = 0;        ///< our own; 0: there is none
    pid_t self_ = 0;           ///< as the procfs numbers us; 0: it does not show us
    std::uint64_t began_ = 0;  ///< our own start, in clock ticks since boot
    std::vector<pid_t> listed_;
    std::vector<pid_t> parents_;         ///< processes whose children are listed
    std::vector<pid_t> unlisted_;        ///< processes whose children could not be
    std::vector<Candidate> candidates_;  ///< by PID
    std::vector<Candidate> spare_;
    static constexpr Duration kPauseAfterFailure = std::chrono::milliseconds(100);
    SteadyTime now_{};
    SteadyTime next_scan_{};
    SteadyTime next_scan_for_parents_{};
    bool scan_failed_ = false;
    bool descendants_missing_ = false;
    bool parents_to_ask_ = false;
    bool begun_ = false;
    bool news_dropped_ = false;  ///< by the kernel, behind what is still to be heard
    static constexpr int kMostTold = 10;
    int denied_told_ = 0;
    int lacking_told_ = 0;
    bool told_crowd_ = false;
    bool told_unlisted_ = false;
    bool told_no_children_files_ = false;
};

}  // namespace logfia
