#include <logfia/source/poll/poll_source.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace logfia {
namespace {

// Newcomers go before a tick that is due, since they may be gone soon; but a storm of newcomers
// must not keep all other processes from being looked at.
constexpr int kMostTurnsBeforeTick = 8;
// About 5,000 news. With more than that still to read, ends have to be reported and looks to be
// taken anyway; if fewer were read between two late looks, news would come faster than they are
// read.
constexpr int kMostTurnsOfNews = 80;
// If each tick comes late, as always happens back to back, nothing else would get its turn.
constexpr int kMostLateTicksInARow = 64;

/// `34 ms`, `0.7 ms`, `12.5 s`.
std::string text_of_gap(Duration gap) {
    using std::chrono::duration;
    const double ms = duration<double, std::milli>(gap).count();
    if (ms >= 10'000) return fmt::format("{:.1f} s", ms / 1000);
    return fmt::format("{:.{}f} ms", ms, ms < 10 ? 1 : 0);
}

PollerOptions complete(PollerOptions options, const DescriptorBudget& budget,
                       const WantedProcesses& wanted, const ProcessEvents* events) {
    // A single look reads no link twice.
    if (!options.single_look) options.kept_links = budget.links();
    options.not_names = wanted.not_names;
    options.execs_are_heard = events != nullptr;
    return options;
}

}  // namespace

Result<std::unique_ptr<PollSource>> PollSource::create(ProcRoot root, const PollerOptions& options,
                                                       WantedProcesses wanted, Numbers& numbers,
                                                       MayEnd may_end) {
    auto events = ProcessSet::connect(root, wanted);
    return create(std::move(root), options, std::move(wanted), numbers, std::move(may_end),
                  std::move(events));
}

Result<std::unique_ptr<PollSource>> PollSource::create(ProcRoot root, const PollerOptions& options,
                                                       WantedProcesses wanted, Numbers& numbers,
                                                       MayEnd may_end,
                                                       std::unique_ptr<ProcessEvents> events) {
    auto waiter = Waiter::create();
    if (!waiter) return waiter.error();
    return std::unique_ptr<PollSource>(new PollSource(std::move(root), options, std::move(wanted),
                                                      numbers, std::move(may_end),
                                                      std::move(events), std::move(*waiter)));
}

PollSource::PollSource(ProcRoot root, const PollerOptions& options, WantedProcesses wanted,
                       Numbers& numbers, MayEnd may_end, std::unique_ptr<ProcessEvents> events,
                       Waiter waiter)
    : options_(options),
      budget_(wanted.expected()),
      poller_(std::move(root), complete(options, budget_, wanted, events.get()), numbers),
      processes_(std::move(wanted), options.interval, budget_, poller_.root(), poller_.processes(),
                 std::move(events)),
      may_end_(std::move(may_end)),
      waiter_(std::move(waiter)) {
    waiter_.want(processes_.news_fd(), POLLIN);
}

std::vector<Error> PollSource::find_processes(NoticeSink& sink) {
    return processes_.begin(sink);
}

Result<std::uint64_t> PollSource::add_command(pid_t pid, std::vector<GivenFd> given) {
    const auto added = processes_.begin_with(pid, std::move(given));
    if (!added) return added.error();
    return poller_.processes().newest(pid)->actor.number;
}

bool PollSource::has_work() const {
    return poller_.processes().watched() > 0 || processes_.awaits_more();
}

std::optional<SteadyTime> PollSource::next() const {
    return ticks_ ? ticks_->next() : SteadyTime::min();
}

Source::State PollSource::run(Now now, EventSink& sink) {
    run_slice(now, sink);
    for (const int pidfd : poller_.processes().pidfds().collect_new()) waiter_.want(pidfd, POLLIN);
    return state_after(now);
}

/// Takes one look, at all processes or at some. A look has a time of its own: within it, closes
/// come before opens.
void PollSource::run_slice(Now now, EventSink& sink) {
    if (paused_since_) return run_paused(now, sink);
    if (looks_ == 0) return look(now, sink);
    // The timetable begins once all that was open already is described.
    if (!ticks_ && !has_newcomers_)
        ticks_.emplace(now.steady + options_.interval.duration(), options_.interval);
    const bool due = is_due(now.steady);
    if (has_newcomers_ && !(due && turns_without_tick_ >= kMostTurnsBeforeTick))
        return look_at_newcomers(now, sink);
    const bool looks_are_late = late_ticks_in_a_row_ > 0;
    if (due && looks_are_late && has_more_news_ && turns_of_news_before_tick_++ < kMostTurnsOfNews)
        return hear_news(now, sink);
    if (due && late_ticks_in_a_row_ < kMostLateTicksInARow) return tick(now, sink);
    late_ticks_in_a_row_ = 0;
    if (has_more_news_ && turns_without_reaping_ < kMostTurnsOfNews) return hear_news(now, sink);
    if (!to_reap_.empty()) {
        reap(now, sink);
        return;
    }
    handle_ready(now, sink);
}

Source::State PollSource::state_after(Now now) {
    const bool none_left = poller_.processes().watched() == 0 && !processes_.awaits_more();
    // The last process may have left a child that only the connector knows.
    if (none_left && !heard_last_ && processes_.news_fd() >= 0) has_more_news_ = true;
    if (none_left && !has_more_news_ && (!may_end_ || may_end_(now.steady))) return State::ended;
    if (has_newcomers_ || has_more_news_ || !to_reap_.empty()) return State::busy;
    if (ticks_) return State::waiting;
    return options_.single_look ? State::ended : State::busy;
}

bool PollSource::is_due(SteadyTime now) const {
    return look_owed_ || (ticks_ && ticks_->due(now));
}

void PollSource::tick(Now now, EventSink& sink) {
    if (ticks_->due(now.steady)) {
        const std::uint64_t missed = ticks_->advance(now.steady);
        const bool is_late = missed > 0 || options_.interval.is_back_to_back();
        late_ticks_in_a_row_ = is_late ? late_ticks_in_a_row_ + 1 : 0;
        tell_late(now, sink, late_.note(missed, now.steady - looked_, now.steady));
    }
    look(now, sink);
}

void PollSource::look(Now now, EventSink& sink) {
    ++looks_;
    looked_ = now.steady;
    look_owed_ = false;
    has_more_news_ = processes_.refresh(now, sink) == ProcessSet::News::more;
    poller_.look(now, sink);
    has_newcomers_ = processes_.adopt_children(sink);
    turns_without_tick_ = 0;
    turns_of_news_before_tick_ = 0;
    heard_last_ = false;
    // The look has noticed the ends, and these pidfds may be other processes' by now.
    to_reap_.clear();
}

void PollSource::look_at_newcomers(Now now, EventSink& sink) {
    ++turns_without_tick_;
    poller_.look_at_new(now, sink);
    has_newcomers_ = processes_.adopt_children(sink);
}

void PollSource::collect_ready() {
    for (const pollfd& one : waiter_.ready_now()) {
        if (one.fd == processes_.news_fd())
            has_more_news_ = true;
        else
            to_reap_.push_back(one);
    }
}

/// Newcomers go first: a child is known by its parent, which may have ended since.
void PollSource::handle_ready(Now now, EventSink& sink) {
    turns_without_reaping_ = 0;
    collect_ready();
    if (!to_reap_.empty() && processes_.news_fd() >= 0) has_more_news_ = true;
    if (has_more_news_) return hear_news(now, sink);
    if (!to_reap_.empty()) reap(now, sink);
}

void PollSource::hear_news(Now now, EventSink& sink) {
    ++turns_without_reaping_;
    has_more_news_ = processes_.read_news(now, sink) == ProcessSet::News::more;
    heard_last_ = !has_more_news_;
    look_at_newcomers(now, sink);
}

bool PollSource::reap(Now now, EventSink& sink) {
    const bool some_ended = poller_.reap(to_reap_, now, sink);
    heard_last_ = false;
    to_reap_.clear();
    return some_ended;
}

void PollSource::hear_all_news(Now now, EventSink& sink) {
    has_more_news_ = processes_.news_fd() >= 0;
    for (int turn = 0; has_more_news_ && turn < kMostTurnsOfNews; ++turn) hear_news(now, sink);
}

/// Tells of ends alone, and listens whether the last process has left a child.
void PollSource::run_paused(Now now, EventSink& sink) {
    collect_ready();
    reap(now, sink);
    if (poller_.processes().watched() == 0) hear_all_news(now, sink);
}

/// Without the news, which wait: they would have the loop wake for nothing.
void PollSource::pause(Now now) {
    paused_since_ = now.steady;
    waiter_.forget(processes_.news_fd());
}

void PollSource::resume(Now now, EventSink& sink) {
    waiter_.want(processes_.news_fd(), POLLIN);
    tell_pause(now, sink);
}

/// What has come since the last slice, or in a pause, is still told.
void PollSource::stop(Now now, EventSink& sink) {
    if (looks_ > 0 && !options_.single_look) {
        hear_all_news(now, sink);
        do {
            collect_ready();
        } while (reap(now, sink));
    }
    tell_pause(now, sink);
    tell_late(now, sink, late_.rest());
    tell_missed(now, sink);
}

/// A pause in which no tick falls due misses nothing: news were kept meanwhile.
void PollSource::tell_pause(Now now, EventSink& sink) {
    if (!paused_since_) return;
    const auto pause = std::chrono::duration<double>(now.steady - *paused_since_).count();
    paused_since_.reset();
    if (!ticks_ || !ticks_->due(now.steady)) return;
    look_owed_ = true;
    const std::uint64_t missed = ticks_->advance(now.steady) + 1;
    sink.accept(lost(
        now, fmt::format("looking stopped for {:.1f} s: nobody read the records", pause), missed));
}

void PollSource::tell_late(Now now, EventSink& sink, const LateTicks::Late& late) {
    late_looks_ += late.ticks;
    if (late.ticks == 0) return;
    Event event = lost(now,
                       fmt::format("{} looks came late, the longest gap {}", late.ticks,
                                   text_of_gap(late.longest_gap)),
                       late.ticks);
    std::get<Loss>(event.change).longest_gap = late.longest_gap;
    sink.accept(std::move(event));
}

/// Processes come and go too fast for a record of each.
void PollSource::tell_missed(Now now, EventSink& sink) {
    const auto tell = [&](std::uint64_t count, const char* before_what) {
        if (count == 0) return;
        const bool one = count == 1;
        Event event = lost(now, fmt::format("{} ended before {} could be {}",
                                            one ? "1 process" : fmt::format("{} processes", count),
                                            one ? "it" : "they", before_what));
        std::get<Loss>(event.change).missed_processes = count;
        sink.accept(std::move(event));
    };
    tell(processes_.missed().unseen + poller_.unseen(), "looked at");
    tell(processes_.missed().unjudged, "compared with what is to be watched");
}

SourceTotals PollSource::totals() const {
    SourceTotals totals;
    totals.processes = poller_.processes().seen();
    totals.looks = looks_;
    totals.late_looks = late_looks_;
    return totals;
}

}  // namespace logfia
