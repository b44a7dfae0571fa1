#include <logfia/app/watch.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace logfia {
namespace {

constexpr std::size_t kRecordsAtOnce = 256;

void shorten(std::optional<Duration>& sleep, Duration candidate) {
    candidate = std::max(candidate, Duration::zero());
    sleep = sleep ? std::min(*sleep, candidate) : candidate;
}

}  // namespace

Watch::Watch(const Options& options, Parts parts, Notices& notices, Now start)
    : options_(options),
      parts_(std::move(parts)),
      notices_(notices),
      filter_{options.real_files, options.initial},
      outbox_(parts_.resolver.get(), options.dns_wait),
      ticks_(start.steady + options.interval, options.interval),
      records_left_(options.count) {
    if (options.duration) until_ = start.steady + *options.duration;
}

ExitStatus Watch::run() {
    const Now first = read_clocks();
    parts_.poller.look(first, *this);
    if (options_.once) drain(first);
    std::vector<pollfd> pidfds;
    parts_.poller.collect(pidfds);
    for (const pollfd& one : pidfds) parts_.waiter.want(one.fd, one.events);
    const Now now = read_clocks();
    // The timetable begins once all that was open already is described.
    ticks_ = TickClock(now.steady + options_.interval, options_.interval);
    step(now);
    while (stage_ != Stage::finished) {
        wait();
    }
    return status_;
}

void Watch::wait() {
    const pollfd output = parts_.output.wanted();
    if (output.fd != output_wanted_.fd || output.events != output_wanted_.events)
        parts_.waiter.want(output.fd, output.events);
    output_wanted_ = output;
    if (parts_.resolver) {
        name_servers_.clear();
        parts_.resolver->add_pollfds(name_servers_);
        parts_.waiter.want_instead(name_servers_);
    }
    const auto sleep = time_to_sleep(read_clocks());
    const auto ready = parts_.waiter.wait(sleep, signals_.while_waiting());
    const Now now = read_clocks();
    if (!ready.empty()) signals_.take_pending();
    bool ended = false;
    for (const pollfd& one : ready) {
        if (one.fd == output.fd && parts_.output.reader_gone(one.revents)) {
            stage_ = Stage::finished;
            return;
        }
        if (!parts_.poller.is_pidfd(one.fd)) continue;
        ended = true;
        parts_.waiter.forget(one.fd);
    }
    if (parts_.resolver) parts_.resolver->process(ready, now.steady);
    if (ended && stage_ == Stage::watching) parts_.poller.reap(now, *this);
    step(now);
}

void Watch::step(Now now) {
    const int signals = StopSignals::count();
    if (signals > signals_seen_) {
        const bool again = signals >= 2;
        signals_seen_ = signals;
        drain(now);
        if (again) return give_up(now);
    }
    if (until_ && now.steady >= *until_) drain(now);
    if (stage_ == Stage::watching && ticks_.due(now.steady)) tick(now);
    if (parts_.poller.watched() == 0) drain(now);
    pump(now);
}

void Watch::tick(Now now) {
    if (paused_by_backlog(now)) return;
    const std::uint64_t missed = ticks_.take(now.steady);
    tell_late(now, late_.note(missed, now.steady));
    parts_.poller.look(now, *this);
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
    parts_.poller.look(now, *this);
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
    if (looks > 0) lose(now, fmt::format("{} looks came late", looks), looks);
}

void Watch::lose(Now now, std::string reason, std::optional<std::uint64_t> missed) {
    Event event;
    event.kind = EventKind::lost;
    event.at = now;
    event.reason = std::move(reason);
    event.missed_ticks = missed;
    accept(std::move(event));
}

void Watch::accept(Event event) {
    if (stage_ != Stage::watching || !filter_.passes(event)) return;
    const Now noticed = event.at;
    const bool last = event.kind != EventKind::lost && records_left_ && --*records_left_ == 0;
    outbox_.push(std::move(event), noticed.steady);
    if (last) return drain(noticed);
    // A look at ten thousand descriptors need not be held in memory whole.
    if (outbox_.size() >= kRecordsAtOnce) pump(noticed);
}

void Watch::notice(std::string_view line) {
    notices_.notice(line);
}

/// No more looks; what was noticed is still written.
void Watch::drain(Now now) {
    if (stage_ != Stage::watching) return;
    tell_pause(now);
    tell_late(now, late_.rest());
    stage_ = Stage::draining;
}

/// The user will not wait: what can be written at once still is.
void Watch::give_up(Now now) {
    outbox_.drain_all(*parts_.writer, parts_.output.buffer());
    pump(now);
    stage_ = Stage::finished;
}

void Watch::pump(Now now) {
    if (stage_ == Stage::finished) return;
    if (stage_ == Stage::watching && outbox_.empty() && parts_.output.backlog() == 0) return;
    outbox_.drain(now.steady, *parts_.writer, parts_.output.buffer());
    const bool last = stage_ == Stage::draining && outbox_.empty();
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

std::optional<Duration> Watch::time_to_sleep(Now now) const {
    std::optional<Duration> sleep;
    if (stage_ == Stage::watching) {
        shorten(sleep, ticks_.next() - now.steady);
        if (until_) shorten(sleep, *until_ - now.steady);
    }
    if (const auto deadline = outbox_.deadline()) shorten(sleep, *deadline - now.steady);
    if (parts_.resolver) {
        if (const auto timeout = parts_.resolver->timeout()) shorten(sleep, *timeout);
    }
    return sleep;
}

}  // namespace logfia
