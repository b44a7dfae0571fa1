#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/app/late_ticks.hpp>
#include <logfia/app/options.hpp>
#include <logfia/app/signals.hpp>
#include <logfia/app/tick_clock.hpp>
#include <logfia/app/waiter.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/filter.hpp>
#include <logfia/net/resolver.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/output/outbox.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/record_writer.hpp>
#include <logfia/proc/poller.hpp>

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

/// The loop: sleeps until the next look, a process's end, an answer of a name server,
/// room in the output or a signal, and does what is due. Nothing in it waits for anybody else.
class Watch final : public EventSink {
  public:
    struct Parts {
        Poller poller;
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
    void step(Now now);
    void tick(Now now);
    bool paused_by_backlog(Now now);
    void pump(Now now);
    void drain(Now now);
    void give_up(Now now);
    void tell_pause(Now now);
    void tell_late(Now now, std::uint64_t looks);
    [[nodiscard]] std::optional<Duration> time_to_sleep(Now now) const;
    void lose(Now now, std::string reason, std::optional<std::uint64_t> missed);

    const Options& options_;
    Parts parts_;
    Notices& notices_;
    StopSignals signals_;
    Filter filter_;
    Outbox outbox_;
    TickClock ticks_;
    LateTicks late_;
    std::optional<SteadyTime> until_;
    std::optional<std::uint64_t> records_left_;
    std::optional<SteadyTime> paused_since_;
    std::uint64_t missed_while_paused_ = 0;
    Stage stage_ = Stage::watching;
    ExitStatus status_ = ExitStatus::success;
    int signals_seen_ = 0;
    pollfd output_wanted_{-1, 0, 0};
    std::vector<pollfd> name_servers_;
};

}  // namespace logfia
