#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/app/options.hpp>
#include <logfia/base/waiter.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/pipeline.hpp>
#include <logfia/process/command.hpp>
#include <logfia/process/process_set.hpp>
#include <logfia/process/signals.hpp>
#include <logfia/source/poll/late_ticks.hpp>
#include <logfia/source/poll/poller.hpp>
#include <logfia/source/poll/tick_clock.hpp>

#include <poll.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logfia {

/// The loop: sleeps until the next look, a process's start or end, an answer of a name server,
/// room in the output or a signal, and does what is due. Nothing in it waits for anybody else.
class Watch final : public EventSink {
  public:
    struct Parts {
        Poller& poller;
        ProcessSet& processes;
        Command* command;  ///< null: there is none
        StopSignals& signals;
        Pipeline pipeline;
        Output output;
        Waiter waiter;
    };

    Watch(const Options& options, Parts parts, Notices& notices, Now start);

    /// Until everything that was noticed is written, or cannot be.
    ExitStatus run();

    void accept(Event event) override;
    void notice(std::string_view line) override;

  private:
    enum class Stage { watching, draining, finished };

    void wait();
    void prepare_to_wait();
    void hear_news(bool hear);
    void take_ready(std::span<const pollfd> ready, Now now);
    void step(Now now);
    void take_signals(Now now);
    void tick(Now now);
    void look(Now now);
    void look_at_new();
    [[nodiscard]] bool all_ended(Now now) const;
    bool paused_by_backlog(Now now);
    void pump(Now now);
    void drain(Now now);
    void give_up(Now now);
    void fail(const Error& error, Now now);
    void tell_pause(Now now);
    void tell_late(Now now, std::uint64_t looks);
    void write_summary_apart(Now now);
    [[nodiscard]] SourceTotals totals() const;
    [[nodiscard]] std::optional<Duration> time_to_sleep(Now now) const;
    void lose(Now now, std::string reason, std::optional<std::uint64_t> missed);

    const Options& options_;
    Parts parts_;
    Notices& notices_;
    TickClock ticks_;
    LateTicks late_;
    std::optional<SteadyTime> until_;
    std::uint64_t looks_ = 0;
    std::uint64_t late_looks_ = 0;
    std::optional<SteadyTime> paused_since_;
    std::uint64_t missed_while_paused_ = 0;
    Stage stage_ = Stage::watching;
    ExitStatus status_ = ExitStatus::success;
    int signals_seen_ = 0;
    bool finished_writing_ = false;
    std::size_t pushed_ = 0;  // since the last pump
    bool hears_news_ = false;
    pollfd output_wanted_{-1, 0, 0};
    std::vector<pollfd> name_servers_;
};

}  // namespace logfia
