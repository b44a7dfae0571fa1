#include <logfia/app/watch.hpp>
#include <logfia/output/leak_report.hpp>
#include <logfia/output/summary_report.hpp>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace logfia {
namespace {

constexpr std::size_t kRecordsAtOnce = 256;

Recorder::Parts recorder_parts(const Options& options, std::unique_ptr<RecordWriter> writer) {
    Recorder::Parts parts;
    if (options.summary != SummaryWhen::only) parts.writer = std::move(writer);
    if (options.summary != SummaryWhen::never) parts.summary.emplace();
    if (options.leaks) parts.leaks.emplace(options.leak_min);
    parts.limit = options.count;
    return parts;
}

void shorten(std::optional<Duration>& sleep, Duration candidate) {
    candidate = std::max(candidate, Duration::zero());
    sleep = sleep ? std::min(*sleep, candidate) : candidate;
}

}  // namespace

Watch::Watch(const Options& options, Parts parts, Notices& notices, Now start)
    : options_(options),
      parts_(std::move(parts)),
      notices_(notices),
      filter_(options.filter),
      recorder_(filter_, recorder_parts(options, std::move(parts_.writer))),
      outbox_(parts_.resolver.get(), options.dns_wait),
      began_(start.steady),
      ticks_(start.steady + options.interval.duration(), options.interval) {
    if (options.duration) until_ = start.steady + *options.duration;
}

ExitStatus Watch::run() {
    const Now first = read_clocks();
    look(first);
    if (options_.once) drain(first);
    const Now now = read_clocks();
    // The timetable begins once all that was open already is described.
    ticks_ = TickClock(now.steady + options_.interval.duration(), options_.interval);
    step(now);
    while (stage_ != Stage::finished) wait();
    write_summary_apart(read_clocks());
    const bool leaked = recorder_.leaks() && recorder_.leaks()->leaked();
    return status_ == ExitStatus::success && leaked ? ExitStatus::leaks : status_;
}

void Watch::wait() {
    prepare_to_wait();
    const auto sleep = time_to_sleep(read_clocks());
    const auto ready = parts_.waiter.wait(sleep, parts_.signals.while_waiting());
    const Now now = read_clocks();
    if (!ready) return fail(ready.error(), now);
    if (!ready->empty()) parts_.signals.take_pending();
    take_ready(*ready, now);
    // Each of the short looks that took place meanwhile has its own time.
    if (stage_ != Stage::finished) step(ready->empty() ? now : read_clocks());
}

void Watch::prepare_to_wait() {
    const pollfd output = parts_.output.wanted();
    if (output.fd != output_wanted_.fd || output.events != output_wanted_.events)
        parts_.waiter.want(output.fd, output.events);
    output_wanted_ = output;
    if (parts_.resolver) {
        name_servers_.clear();
        parts_.resolver->add_pollfds(name_servers_);
        parts_.waiter.want_instead(name_servers_);
    }
    for (const int pidfd : parts_.poller.take_pidfds()) parts_.waiter.want(pidfd, POLLIN);
    hear_news(stage_ == Stage::watching && !paused_since_ && !parts_.output.full());
}

/// Who looks no more, or has stopped looking, should not be woken by those who come.
void Watch::hear_news(bool hear) {
    const int fd = parts_.processes.news_fd();
    if (fd < 0 || hear == hears_news_) return;
    hears_news_ = hear;
    if (hear)
        parts_.waiter.want(fd, POLLIN);
    else
        parts_.waiter.forget(fd);
}

void Watch::take_ready(std::span<const pollfd> ready, Now now) {
    bool news = false;
    for (const pollfd& one : ready) {
        if (one.fd == output_wanted_.fd && parts_.output.reader_gone(one.revents)) {
            stage_ = Stage::finished;
            return;
        }
        const bool ended = parts_.poller.is_pidfd(one.fd);
        news = news || ended || one.fd == parts_.processes.news_fd();
        // What stays ready would keep us from sleeping when nobody looks any more.
        if (ended && stage_ != Stage::watching) parts_.waiter.forget(one.fd);
    }
    if (parts_.resolver) parts_.resolver->process(ready, now.steady);
    if (!news || stage_ != Stage::watching) return;
    // First who has come: a child is known by its parent, which may have ended since.
    if (hears_news_) {
        parts_.processes.take_news(now, *this);
        look_at_new();
    }
    parts_.poller.reap(ready, read_clocks(), *this);
}

void Watch::step(Now now) {
    take_signals(now);
    if (stage_ == Stage::finished) return;
    if (until_ && now.steady >= *until_) drain(now);
    if (stage_ == Stage::watching && ticks_.due(now.steady)) tick(now);
    if (stage_ == Stage::watching && all_ended(now)) drain(now);
    pump(now);
}

void Watch::take_signals(Now now) {
    if (parts_.command != nullptr) parts_.command->attend(now.steady, parts_.signals, notices_);
    const int signals = StopSignals::count();
    if (signals <= signals_seen_ || !parts_.signals.stop_wanted()) return;
    signals_seen_ = signals;
    // Where the watch has stopped already, one that was passed on is the first of two.
    const bool was_draining = stage_ == Stage::draining;
    drain(now);
    if (parts_.signals.own() >= 2 || (was_draining && signals >= 2)) give_up(now);
}

/// With a command and `--follow` also those count that could not be looked into.
bool Watch::all_ended(Now now) const {
    if (parts_.poller.watched() > 0 || parts_.processes.awaits_more()) return false;
    if (parts_.command == nullptr) return true;
    parts_.command->reap(now.steady, parts_.signals);
    return options_.processes.follow ? parts_.command->all_gone() : parts_.command->ended();
}

void Watch::tick(Now now) {
    if (paused_by_backlog(now)) return;
    const std::uint64_t missed = ticks_.take(now.steady);
    tell_late(now, late_.note(missed, now.steady));
    look(now);
}

void Watch::look(Now now) {
    ++looks_;
    parts_.processes.refresh(now, *this);
    parts_.poller.look(now, *this);
    look_at_new();
}

/// Each a look with a time of its own: within one, closes come before opens.
void Watch::look_at_new() {
    do {
        parts_.poller.look_at_new(read_clocks(), *this);
    } while (parts_.processes.adopt_children(*this));
}

/// A reader that does not read leaves us its records; at some point there are enough of them.
bool Watch::paused_by_backlog(Now now) {
    if (!paused_since_) {
        if (!parts_.output.full()) return false;
        paused_since_ = now.steady;
    }
    const std::uint64_t missed = ticks_.take(now.steady) + 1;
    missed_while_paused_ += missed;
    if (parts_.output.backlog() > Output::kMaxBacklog / 2) return true;
    tell_pause(now);
    look(now);
    return true;
}

void Watch::tell_pause(Now now) {
    if (!paused_since_) return;
    const auto pause = std::chrono::duration<double>(now.steady - *paused_since_).count();
    lose(now, fmt::format("looking stopped for {:.1f} s: nobody read the records", pause),
         std::exchange(missed_while_paused_, 0));
    paused_since_.reset();
}

void Watch::tell_late(Now now, std::uint64_t looks) {
    late_looks_ += looks;
    if (looks > 0) lose(now, fmt::format("{} looks came late", looks), looks);
}

void Watch::lose(Now now, std::string reason, std::optional<std::uint64_t> missed) {
    take(lost(now, std::move(reason), missed));
}

/// While one drain or pump is under way none of these begins another: take() only queues up, and
/// drain() has left the stage of watching before it says what was missed.
void Watch::accept(Event event) {
    if (stage_ != Stage::watching) return;
    const Now noticed = event.at;
    take(std::move(event));
    if (options_.count && certain_records_ >= *options_.count) return drain(noticed);
    // A look at ten thousand descriptors need not be held in memory whole.
    if (outbox_.size() >= kRecordsAtOnce) pump(noticed);
}

void Watch::take(Event event) {
    const Filter::Verdict verdict = filter_.judge(event);
    if (verdict == Filter::Verdict::drop) return;
    event.undecided = verdict == Filter::Verdict::ask;
    const bool shown = filter_.shows(event);
    if (!shown && !event.undecided && !recorder_.counts()) return;
    if (event.kind == EventKind::lost) tell_without_records(event);
    const bool certain = shown && !event.undecided && event.kind != EventKind::lost;
    const HostName name = shown || event.undecided ? HostName::wanted : HostName::unwanted;
    // A look at ten thousand sockets takes longer than a record may wait for its name.
    const SteadyTime now = parts_.resolver ? read_clocks().steady : event.at.steady;
    outbox_.push(std::move(event), now, name);
    if (certain) ++certain_records_;
}

/// Where no record is written, what was missed is still said; of late looks the summary says it.
void Watch::tell_without_records(const Event& lost) {
    const Loss& loss = *lost.loss();
    if (options_.summary != SummaryWhen::only || loss.missed_ticks) return;
    const Actor& actor = lost.actor;
    notices_.notice(actor.pid == 0 ? loss.reason
                                   : fmt::format("{}[{}]: {}", actor.comm, actor.pid, loss.reason));
}

void Watch::notice(std::string_view line) {
    notices_.notice(line);
}

/// No more looks; what was noticed is still written.
void Watch::drain(Now now) {
    if (stage_ != Stage::watching) return;
    stage_ = Stage::draining;
    tell_pause(now);
    tell_late(read_clocks(), late_.rest());
}

/// The user will not wait: what can be written at once still is.
void Watch::give_up(Now now) {
    outbox_.drain_all(recorder_, parts_.output.buffer());
    pump(now);
    stage_ = Stage::finished;
}

/// There is no going on; what was noticed is still written.
void Watch::fail(const Error& error, Now now) {
    notices_.error(describe(error));
    status_ = ExitStatus::failure;
    drain(now);
    give_up(now);
}

void Watch::pump(Now now) {
    if (stage_ == Stage::finished) return;
    if (stage_ == Stage::watching && outbox_.empty() && parts_.output.backlog() == 0) return;
    outbox_.drain(now.steady, recorder_, parts_.output.buffer());
    if (recorder_.full()) {
        drain(now);
        // Of all that is left only losses are told, which wait for no name.
        outbox_.drain_all(recorder_, parts_.output.buffer());
    }
    const bool last = stage_ == Stage::draining && outbox_.empty();
    if (last) append_reports(now);
    const WriteStatus status = last ? parts_.output.finish() : parts_.output.flush();
    if (status == WriteStatus::reader_gone) stage_ = Stage::finished;
    if (status == WriteStatus::done && last) stage_ = Stage::finished;
    if (status == WriteStatus::failed) {
        notices_.error(describe(parts_.output.error()));
        status_ = ExitStatus::failure;
        stage_ = Stage::finished;
    }
    notices_.flush();
}

SummaryTotals Watch::totals() const {
    SummaryTotals totals;
    totals.processes = parts_.poller.processes_seen();
    totals.looks = looks_;
    totals.late_looks = late_looks_;
    totals.names_asked = parts_.resolver ? parts_.resolver->asked() : 0;
    totals.names_found = parts_.resolver ? parts_.resolver->found() : 0;
    totals.records = recorder_.records();
    return totals;
}

std::string Watch::summary_text(Now now, std::size_t width) const {
    std::string text;
    const auto rows = recorder_.summary()->rows(now.steady);
    if (options_.json)
        append_summary_json(text, rows, totals(), report_time(), now);
    else
        append_summary(text, rows, totals(), width);
    return text;
}

/// A time since the record before says nothing in a report, one since the beginning does.
TimeColumn Watch::report_time() const {
    const bool delta = options_.time == TimeStyle::delta;
    return {delta ? TimeStyle::start : options_.time, began_};
}

/// What is told at the end where the records go.
void Watch::append_reports(Now now) {
    if (std::exchange(reported_, true)) return;
    if (options_.summary == SummaryWhen::only)
        parts_.output.append_records(summary_text(now, parts_.output.terminal_width()));
    if (!recorder_.leaks()) return;
    std::string text;
    if (options_.json)
        append_leaks_json(text, *recorder_.leaks(), report_time(), now);
    else
        append_leaks(text, *recorder_.leaks(), report_time());
    parts_.output.append_records(text);
}

void Watch::write_summary_apart(Now now) {
    if (options_.summary != SummaryWhen::after) return;
    notices_.write(summary_text(now, terminal_width(STDERR_FILENO)));
    // It may be more than a pipe holds. Whoever does not want to wait says so with a signal.
    const int signals = StopSignals::count();
    const timespec limit{0, Command::kAttendEach.count()};
    while (!notices_.flush()) {
        if (parts_.command != nullptr)
            parts_.command->attend(read_clocks().steady, parts_.signals, notices_);
        if (StopSignals::count() > signals && parts_.signals.stop_wanted()) return;
        pollfd room = notices_.wanted();
        const timespec* most = parts_.command != nullptr ? &limit : nullptr;
        if (ppoll(&room, 1, most, parts_.signals.while_waiting()) < 0 && errno != EINTR) return;
    }
}

std::optional<Duration> Watch::time_to_sleep(Now now) const {
    std::optional<Duration> sleep;
    if (stage_ == Stage::watching) {
        shorten(sleep, ticks_.next() - now.steady);
        if (until_) shorten(sleep, *until_ - now.steady);
    }
    if (const Command* command = parts_.command; command != nullptr) {
        if (stage_ != Stage::watching && !command->all_gone()) shorten(sleep, Command::kAttendEach);
        if (const auto word = command->next_word(now.steady)) shorten(sleep, *word);
    }
    if (const auto deadline = outbox_.deadline()) shorten(sleep, *deadline - now.steady);
    if (parts_.resolver) {
        if (const auto timeout = parts_.resolver->timeout()) shorten(sleep, *timeout);
    }
    return sleep;
}

}  // namespace logfia
