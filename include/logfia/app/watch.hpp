#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/app/options.hpp>
#include <logfia/app/recorder.hpp>
#include <logfia/app/waiter.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/filter.hpp>
#include <logfia/net/resolver.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/output/outbox.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/record_writer.hpp>
#include <logfia/process/command.hpp>
#include <logfia/process/process_set.hpp>
#include <logfia/process/signals.hpp>
#include <logfia/source/poll/late_ticks.hpp>
#include <logfia/source/poll/poller.hpp>
#include <logfia/source/poll/tick_clock.hpp>

#include <poll.h>

#include <cstdint>
#include <memory>
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
        std::unique_ptr<Resolver> resolver;  ///< null: no names are looked up
        std::unique_ptr<RecordWriter> writer;
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
    void take(Event event);
    void pump(Now now);
    void drain(Now now);
    void give_up(Now now);
    void fail(const Error& error, Now now);
    void tell_pause(Now now);
    void tell_late(Now now, std::uint64_t looks);
    void tell_without_records(const Event& lost);
    void append_reports(Now now);
    void write_summary_apart(Now now);
    [[nodiscard]] std::string summary_text(Now now, std::size_t width) const;
    [[nodiscard]] SummaryTotals totals() const;
    [[nodiscard]] TimeColumn report_time() const;
    [[nodiscard]] std::optional<Duration> time_to_sleep(Now now) const;
    void lose(Now now, std::string reason, std::optional<std::uint64_t> missed);

    const Options& options_;
    Parts parts_;
    Notices& notices_;
    Filter filter_;
    Recorder recorder_;
    Outbox outbox_;
    SteadyTime began_;
    TickClock ticks_;
    LateTicks late_;
    std::optional<SteadyTime> until_;
    std::uint64_t certain_records_ = 0;
    std::uint64_t looks_ = 0;
    std::uint64_t late_looks_ = 0;
    std::optional<SteadyTime> paused_since_;
    std::uint64_t missed_while_paused_ = 0;
    Stage stage_ = Stage::watching;
    ExitStatus status_ = ExitStatus::success;
    int signals_seen_ = 0;
    bool reported_ = false;
    bool hears_news_ = false;
    pollfd output_wanted_{-1, 0, 0};
    std::vector<pollfd> name_servers_;
};

}  // namespace logfia
