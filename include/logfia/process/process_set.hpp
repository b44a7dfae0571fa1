#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/interval.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/process/candidates.hpp>
#include <logfia/process/descriptor_budget.hpp>
#include <logfia/process/family.hpp>
#include <logfia/process/name_flood.hpp>
#include <logfia/process/pending_processes.hpp>
#include <logfia/process/process_events.hpp>
#include <logfia/process/process_list.hpp>
#include <logfia/process/process_notices.hpp>
#include <logfia/process/process_watcher.hpp>
#include <logfia/process/wanted_processes.hpp>
#include <logfia/procfs/children.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/reading.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace logfia {

/// Keeps the set of watched processes as it is wanted, while processes come and go: finds the new
/// ones and hands them to the watcher, which lets go of those that end.
///
/// The kernel's process connector tells of each new process at once. Where there is none, the
/// children of what was looked at are listed with each look, and the whole procfs is for names.
/// Nothing is said of that on standard error: what can be missed then stands in the manual page.
///
/// Defined in process_set.cpp; listing children in process_set_children.cpp, trying again in
/// process_set_pending.cpp.
class ProcessSet {
  public:
    /// The connector, where it serves and is of use for these; else null.
    static std::unique_ptr<ProcessEvents> connect(const ProcRoot& root,
                                                  const WantedProcesses& wanted);

    /// `interval` lies between two looks. `events` null: all new processes have to be found. `root`
    /// and `watcher` must outlive the set.
    ProcessSet(WantedProcesses wanted, Interval interval, const DescriptorBudget& budget,
               const ProcRoot& root, ProcessWatcher& watcher,
               std::unique_ptr<ProcessEvents> events);
    ProcessSet(const ProcessSet&) = delete;
    ProcessSet& operator=(const ProcessSet&) = delete;

    /// Adds what is there now; the errors are those of `pids` that cannot be watched.
    std::vector<Error> begin(NoticeSink& sink);
    /// Adds a command of our own, which waits for its exec.
    Result<bool> begin_with(pid_t command, std::vector<GivenFd> given);
    /// True when processes may come although none is watched just now.
    [[nodiscard]] bool awaits_more() const {
        return wanted_.waits &&
               (wanted_.by_name() || pending_.count(PendingProcess::Why::lacking) > 0);
    }

    /// Processes that were announced and had ended before they could be watched.
    struct Missed {
        std::uint64_t unseen = 0;
        std::uint64_t unjudged = 0;  ///< nobody knows whether they were wanted
    };
    [[nodiscard]] const Missed& missed() const { return missed_; }

    /// Becomes readable when processes have come: then call read_news(). -1: there is no connector.
    [[nodiscard]] int news_fd() const { return events_ ? events_->fd() : -1; }
    enum class News : std::uint8_t { all_heard, more };
    /// Hears some news, as many as one ProcessEvents::read() gives. To be called before what has
    /// ended is reaped: a child is known by its parent.
    News read_news(Now now, EventSink& sink);
    /// Does what the connector's news call for, in their order.
    void hear(std::span<const ProcessEvent> news, NoticeSink& sink);

    /// Before each look. Hears some news too.
    News refresh(Now now, EventSink& sink);
    /// After each look; true when it has added some, which then want a look of their own.
    bool adopt_children(NoticeSink& sink);

  private:
    enum class Judgement : std::uint8_t { settled, unwanted };

    bool add(const ProcessFacts& facts, Origin origin, NoticeSink& sink);
    bool adopt(pid_t pid, pid_t parent, NoticeSink& sink);
    void add_descendants(NoticeSink& sink);
    Judgement judge(pid_t pid, NoticeSink& sink);
    [[nodiscard]] bool is_watched(pid_t pid) const { return watcher_.watches(pid, 0); }
    [[nodiscard]] Reading<bool> is_wanted(const ProcessFacts& facts) const;
    [[nodiscard]] Reading<bool> is_chosen(const ProcessFacts& facts) const;
    void put_off(PendingProcess process, const Error& error, NoticeSink& sink);
    void note_unseen(pid_t pid);
    void note_unjudged(pid_t pid, const Reading<ProcessFacts>& facts);
    void wait_for_reaping(const ProcessFacts& facts);
    void try_again(NoticeSink& sink);
    void try_again(PendingProcess process, NoticeSink& sink);
    [[nodiscard]] bool has_parent_here(const ProcessFacts& facts) const;
    void scan(NoticeSink& sink);
    ChildrenListing::State list_children(pid_t parent, NoticeSink& sink);
    bool adopt_by_parents(NoticeSink& sink);
    void try_descendants_again();
    void on_fork(pid_t pid, pid_t parent, NoticeSink& sink);
    void on_exec(pid_t pid, NoticeSink& sink);
    void on_exit(const ProcessEvent& news);
    [[nodiscard]] bool makes_siblings(pid_t parent) const;
    void forget_dead();
    void recover(Now now, EventSink& sink);

    WantedProcesses wanted_;
    Interval interval_;
    DescriptorBudget budget_;
    const ProcRoot& root_;
    ProcessWatcher& watcher_;
    ProcessNotices notices_{wanted_};
    std::unique_ptr<ProcessEvents> events_;
    std::vector<ProcessEvent> news_;
    NameFlood name_flood_;
    /// The processes that are followed, by what the connector tells; also those that may not be
    /// looked into, since their children may.
    Family family_;
    Missed missed_;
    PendingProcesses pending_;
    std::vector<PendingProcess> due_;
    pid_t command_ = 0;        ///< our own; 0: there is none
    pid_t self_ = 0;           ///< as the procfs numbers us; 0: it does not show us
    std::uint64_t began_ = 0;  ///< our own start, in clock ticks since boot
    std::vector<pid_t> listed_;
    std::vector<pid_t> parents_;   ///< processes whose children are listed
    std::vector<pid_t> unlisted_;  ///< processes whose children could not be
    Candidates candidates_;
    static constexpr Duration kPauseAfterFailure = std::chrono::milliseconds(100);
    SteadyTime now_{};
    SteadyTime next_scan_{};
    SteadyTime next_scan_for_parents_{};
    bool scan_failed_ = false;
    bool descendants_missing_ = false;
    bool parents_to_ask_ = false;
    bool begun_ = false;
    bool news_dropped_ = false;  ///< by the kernel, behind what is still to be heard
};

}  // namespace logfia
