#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/waiter.hpp>
#include <logfia/event/numbers.hpp>
#include <logfia/event/source.hpp>
#include <logfia/process/descriptor_budget.hpp>
#include <logfia/process/origin.hpp>
#include <logfia/process/process_set.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/late_ticks.hpp>
#include <logfia/source/poll/poller.hpp>
#include <logfia/source/poll/tick_clock.hpp>

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace logfia {

/// Notices changes by looking at the descriptor tables of processes: at all of them at each tick of
/// a timetable, and in between at each new process. The end of a process is noticed at once, by its
/// pidfd.
///
/// During a pause ends are still noticed: nobody could tell their times afterwards.
///
/// Ends when all processes have ended and no other is awaited; with PollerOptions::single_look
/// after the first look.
class PollSource final : public Source {
  public:
    /// Called when no watched process is left: false while other processes may still come from one
    /// that is not watched, such as a command that could not be looked into. Never waits.
    using MayEnd = std::function<bool(SteadyTime now)>;

    /// PollerOptions::interval is the time between two ticks. `numbers` must outlive the source.
    /// Without `may_end` nobody is asked.
    static Result<std::unique_ptr<PollSource>> create(ProcRoot root, const PollerOptions& options,
                                                      WantedProcesses wanted, Numbers& numbers,
                                                      MayEnd may_end = {});
    /// The same with news from elsewhere than the process connector; null: without any.
    static Result<std::unique_ptr<PollSource>> create(ProcRoot root, const PollerOptions& options,
                                                      WantedProcesses wanted, Numbers& numbers,
                                                      MayEnd may_end,
                                                      std::unique_ptr<ProcessEvents> events);

    /// Before the first run() one of these two: adds the processes that are there now, the errors
    /// are those of PIDs that cannot be watched; or a command that waits for its exec, whose own
    /// number in events is returned.
    std::vector<Error> find_processes(NoticeSink& sink);
    Result<std::uint64_t> add_command(pid_t pid, std::vector<GivenFd> given);
    /// False when there is nothing to watch and nothing to wait for.
    [[nodiscard]] bool has_work() const;

    /// Takes the first look at the command, just before its exec; the first run() reports what the
    /// look saw.
    void look_before_exec(Now now) { poller_.look_ahead(now); }
    void after_exec() { poller_.after_exec(); }
    /// How the command has ended, where the kernel does not tell (ProcessRecords).
    void ask_command(ProcessRecords::WaitStatus status) { poller_.ask_command(std::move(status)); }

    [[nodiscard]] int ready_fd() const override { return waiter_.fd(); }
    [[nodiscard]] std::optional<SteadyTime> next() const override;
    State run(Now now, EventSink& sink) override;
    void pause(Now now) override;
    void resume(Now now, EventSink& sink) override;
    void stop(Now now, EventSink& sink) override;
    [[nodiscard]] SourceTotals totals() const override;

  private:
    PollSource(ProcRoot root, const PollerOptions& options, WantedProcesses wanted,
               Numbers& numbers, MayEnd may_end, std::unique_ptr<ProcessEvents> events,
               Waiter waiter);

    void run_slice(Now now, EventSink& sink);
    [[nodiscard]] State state_after(Now now);
    [[nodiscard]] bool is_due(SteadyTime now) const;
    void tick(Now now, EventSink& sink);
    void look(Now now, EventSink& sink);
    void look_at_newcomers(Now now, EventSink& sink);
    void collect_ready();
    void handle_ready(Now now, EventSink& sink);
    void hear_news(Now now, EventSink& sink);
    void hear_all_news(Now now, EventSink& sink);
    bool reap(Now now, EventSink& sink);
    void run_paused(Now now, EventSink& sink);
    void tell_pause(Now now, EventSink& sink);
    void tell_late(Now now, EventSink& sink, const LateTicks::Late& late);
    void tell_missed(Now now, EventSink& sink);

    PollerOptions options_;
    DescriptorBudget budget_;
    Poller poller_;
    ProcessSet processes_;
    MayEnd may_end_;
    Waiter waiter_;                   // for the pidfds and the connector
    std::optional<TickClock> ticks_;  // absent before all that was open at first is described
    LateTicks late_;
    SteadyTime looked_{};  // when the last look at all processes began
    std::uint64_t looks_ = 0;
    std::uint64_t late_looks_ = 0;
    std::optional<SteadyTime> paused_since_;
    bool look_owed_ = false;         // by ticks that passed while this was paused
    bool has_newcomers_ = false;     // processes that no look was taken at
    bool has_more_news_ = false;     // of the connector, unheard
    bool heard_last_ = false;        // the last news, since anybody was last seen to have ended
    std::vector<pollfd> to_reap_;    // pidfds of processes that have ended
    int turns_without_tick_ = 0;     // looks at newcomers since the last tick
    int turns_without_reaping_ = 0;  // hearings of news since something is to be reaped
    int turns_of_news_before_tick_ = 0;
    int late_ticks_in_a_row_ = 0;
};

}  // namespace logfia
