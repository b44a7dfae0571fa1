#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/app/system.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/source.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/pipeline.hpp>

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace logfia {

struct LoopOptions {
    std::optional<SteadyTime> until{};  ///< `--duration`: when the watch is over
    /// Sources pause while more bytes than that wait for a reader, until half of it is read. Ends
    /// that they tell in a pause come on top.
    std::size_t max_backlog = Output::kMaxBacklog;
};

/// Sleeps until a source has something to do, a name server answers, the output has room or a
/// signal comes, then does whatever is due, one slice after the other. No step waits for anything
/// outside.
class Loop final : EventSink {
  public:
    struct Parts {
        std::vector<std::unique_ptr<Source>> sources;
        Pipeline pipeline;
        Output output;
    };
    /// `system` and `notices` must outlive this.
    Loop(Parts parts, System& system, Notices& notices, const LoopOptions& options);

    /// Runs until everything that was noticed is written, or cannot be written. To be called once.
    ExitStatus run();

  private:
    enum class Stage : std::uint8_t {
        watching,
        draining,  ///< no source is asked any more; what was noticed is still written
        finished,
    };
    struct Held {
        std::unique_ptr<Source> source;
        int ready_fd = -1;
        Source::State state = Source::State::busy;
        bool is_ready = false;  // its descriptor is
    };

    void accept(Event&& event) override;
    void notice(std::string_view line) override { notices_.notice(line); }

    void run_turn();
    void prepare_to_sleep();
    [[nodiscard]] std::optional<SteadyTime> time_to_wake() const;
    void note_ready(std::span<const pollfd> ready);
    void read_clocks();
    void act_on_signals();
    void run_sources();
    [[nodiscard]] bool is_due(const Held& held) const;
    void run(Held& held);
    void stop(Held& held);
    void stop_sources();
    void pause_or_resume();
    void write();
    void write_in_between();
    void tell_of_unidentified();
    void note_written(WriteStatus status);
    void give_up();
    void fail(const Error& error);
    void write_apart();
    [[nodiscard]] SourceTotals totals() const;

    std::vector<Held> sources_;
    Pipeline pipeline_;
    Output output_;
    System& system_;
    Notices& notices_;
    LoopOptions options_;

    Now now_;                                // when this slice of work began
    std::optional<SteadyTime> waits_since_;  // for names; of the events that come now
    std::size_t accepted_ = 0;  // events of this slice that are not written in between yet
    Stage stage_ = Stage::watching;
    ExitStatus status_ = ExitStatus::success;
    bool paused_ = false;
    bool stopping_ = false;  // a source tells what is still untold
    bool reported_ = false;
    int signals_seen_ = 0;
    pollfd output_wanted_{-1, 0, 0};
    std::vector<pollfd> name_servers_;
};

}  // namespace logfia
