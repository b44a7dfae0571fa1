#include <logfia/app/loop.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace logfia {
namespace {

// The records of a look at ten thousand descriptors need not be held in memory all at once.
constexpr std::size_t kRecordsAtOnce = 64;
// So long slice after slice of one source, and then it is the turn of signals and the others.
constexpr Duration kLongestTurn = std::chrono::milliseconds(1);

using FinishGoes = PipelineWriter::FinishGoes;

void bring_forward(std::optional<SteadyTime>& time, SteadyTime candidate) {
    time = time ? std::min(*time, candidate) : candidate;
}

}  // namespace

Loop::Loop(Parts parts, System& system, Notices& notices, const LoopOptions& options)
    : pipeline_(std::move(parts.pipeline)),
      output_(std::move(parts.output)),
      system_(system),
      notices_(notices),
      options_(options) {
    for (auto& source : parts.sources) {
        const int ready_fd = source->ready_fd();
        sources_.push_back({std::move(source), ready_fd});
    }
}

ExitStatus Loop::run() {
    for (const Held& held : sources_) system_.want(held.ready_fd, POLLIN);
    read_clocks();
    pipeline_.begin(output_.buffer());
    run_sources();
    write();
    while (stage_ != Stage::finished) run_turn();
    write_apart();
    const bool found = status_ == ExitStatus::success && pipeline_.has_findings();
    return found ? ExitStatus::leaks : status_;
}

void Loop::run_turn() {
    prepare_to_sleep();
    const auto ready = system_.sleep_until(time_to_wake());
    read_clocks();
    if (!ready) return fail(ready.error());
    note_ready(*ready);
    pipeline_.receive_answers(*ready, now_.steady);
    if (stage_ != Stage::finished) act_on_signals();
    if (options_.until && now_.steady >= *options_.until) stop_sources();
    run_sources();
    write();
}

void Loop::prepare_to_sleep() {
    const pollfd output = output_.wanted();
    if (output.fd != output_wanted_.fd || output.events != output_wanted_.events)
        system_.want(output.fd, output.events);
    output_wanted_ = output;
    name_servers_.clear();
    pipeline_.add_pollfds(name_servers_);
    system_.want_instead(name_servers_);
}

std::optional<SteadyTime> Loop::time_to_wake() const {
    std::optional<SteadyTime> time = pipeline_.deadline();
    if (const auto timeout = pipeline_.name_timeout()) bring_forward(time, now_.steady + *timeout);
    if (stage_ != Stage::watching) return time;
    if (options_.until) bring_forward(time, *options_.until);
    if (paused_) return time;
    for (const Held& held : sources_) {
        if (held.state == Source::State::busy) bring_forward(time, now_.steady);
        if (held.state != Source::State::waiting) continue;
        if (const auto next = held.source->next()) bring_forward(time, *next);
    }
    return time;
}

void Loop::note_ready(std::span<const pollfd> ready) {
    for (const pollfd& one : ready) {
        if (one.fd == output_wanted_.fd && output_.reader_gone(one.revents))
            stage_ = Stage::finished;
        for (Held& held : sources_)
            if (held.ready_fd == one.fd) held.is_ready = true;
    }
}

void Loop::read_clocks() {
    now_ = system_.now();
    waits_since_.reset();
    accepted_ = 0;
}

void Loop::act_on_signals() {
    const StopRequests requests = system_.attend(now_.steady);
    if (requests.all <= signals_seen_ || requests.own == 0) return;
    signals_seen_ = requests.all;
    // If the watch was already over, a signal that was passed on counts as the first of two.
    const bool was_draining = stage_ == Stage::draining;
    stop_sources();
    if (requests.own >= 2 || (was_draining && requests.all >= 2)) give_up();
}

void Loop::run_sources() {
    for (Held& held : sources_) {
        if (stage_ != Stage::watching) return;
        if (is_due(held)) run(held);
        if (pipeline_.has_enough()) break;
    }
    const bool all_ended = std::all_of(sources_.begin(), sources_.end(), [](const Held& held) {
        return held.state == Source::State::ended;
    });
    if (all_ended || pipeline_.has_enough()) stop_sources();
}

bool Loop::is_due(const Held& held) const {
    if (paused_) return held.is_ready && held.state != Source::State::ended;
    if (held.state != Source::State::waiting) return held.state == Source::State::busy;
    const auto next = held.source->next();
    return held.is_ready || (next && *next <= now_.steady);
}

void Loop::run(Held& held) {
    held.is_ready = false;
    // However long the first slice takes, a second one follows before records are written: a
    // timetable begins with it.
    std::optional<SteadyTime> until;
    while (true) {
        held.state = held.source->run(now_, *this);
        if (held.state != Source::State::busy || paused_ || pipeline_.has_enough()) break;
        if (stage_ == Stage::finished) return;
        // A slice has a time of its own.
        read_clocks();
        if (until && now_.steady >= *until) break;
        if (!until) until = now_.steady + kLongestTurn;
    }
    if (held.state == Source::State::ended) stop(held);
}

void Loop::stop(Held& held) {
    held.state = Source::State::ended;
    system_.forget(held.ready_fd);
    stopping_ = true;
    held.source->stop(now_, *this);
    stopping_ = false;
}

void Loop::stop_sources() {
    if (stage_ != Stage::watching) return;
    for (Held& held : sources_)
        if (held.state != Source::State::ended) stop(held);
    // Writing in between may have shown that there is no going on.
    if (stage_ == Stage::watching) stage_ = Stage::draining;
    system_.set_sources_state(System::SourcesState::at_rest);
}

void Loop::accept(Event&& event) {
    if (stage_ != Stage::watching) return;
    if (pipeline_.has_enough() && !(stopping_ && event.kind == EventKind::lost)) return;
    // A look at ten thousand sockets takes longer than a record may wait for its name, and may tell
    // the first of them only at its end.
    if (!waits_since_ && peer_of(event) != nullptr) waits_since_ = system_.now().steady;
    pipeline_.push(std::move(event), waits_since_.value_or(now_.steady));
    if (++accepted_ >= kRecordsAtOnce) write_in_between();
}

/// Writes within a slice of a source, which may be a long one.
void Loop::write_in_between() {
    accepted_ = 0;
    waits_since_.reset();
    pipeline_.write_ready(now_.steady, output_.buffer());
    note_written(output_.flush());
}

void Loop::write() {
    if (stage_ == Stage::finished) return;
    if (stage_ == Stage::watching && pipeline_.empty() && output_.backlog() == 0) return;
    pipeline_.write_ready(now_.steady, output_.buffer());
    if (pipeline_.is_full()) {
        stop_sources();
        // From here on, only losses are reported, which wait for no name.
        pipeline_.write_all(output_.buffer());
    }
    const bool last = stage_ == Stage::draining && pipeline_.empty();
    if (last && !std::exchange(reported_, true)) {
        pipeline_.finish(FinishGoes::with_records, output_.buffer(), totals(), now_);
        tell_of_unidentified();
    }
    const WriteStatus status = last ? output_.finish() : output_.flush();
    if (last && status == WriteStatus::done) stage_ = Stage::finished;
    note_written(status);
    notices_.flush();
    pause_or_resume();
}

void Loop::tell_of_unidentified() {
    const std::uint64_t count = pipeline_.unidentified();
    if (count == 0) return;
    notices_.notice(fmt::format(
        "{} closed before logfia could tell which type {} had: --type left {} out; a shorter -d "
        "tells more of them",
        count == 1 ? "1 socket was" : fmt::format("{} sockets were", count),
        count == 1 ? "it" : "they", count == 1 ? "it" : "them"));
}

void Loop::note_written(WriteStatus status) {
    if (stage_ == Stage::finished) return;
    if (status == WriteStatus::failed) {
        notices_.error(describe(output_.error()));
        status_ = ExitStatus::failure;
    }
    if (status == WriteStatus::failed || status == WriteStatus::reader_gone)
        stage_ = Stage::finished;
}

/// A reader that does not read leaves the records with us; at some point there are enough of them.
void Loop::pause_or_resume() {
    if (stage_ != Stage::watching) return;
    const std::size_t backlog = output_.backlog();
    if (paused_ ? backlog > options_.max_backlog / 2 : backlog < options_.max_backlog) return;
    paused_ = !paused_;
    system_.set_sources_state(paused_ ? System::SourcesState::at_rest
                                      : System::SourcesState::at_work);
    for (Held& held : sources_) {
        if (held.state == Source::State::ended) continue;
        if (paused_) {
            held.source->pause(now_);
        } else {
            held.source->resume(now_, *this);
            held.state = Source::State::busy;
        }
    }
}

/// Ends for a user who will not wait; what can be written at once still is.
void Loop::give_up() {
    pipeline_.write_all(output_.buffer());
    write();
    stage_ = Stage::finished;
}

/// Ends a watch that cannot go on; what was noticed is still written.
void Loop::fail(const Error& error) {
    notices_.error(describe(error));
    status_ = ExitStatus::failure;
    stop_sources();
    give_up();
}

/// Writes the summary beside the records, which may be more than a pipe holds: a user who does not
/// want to wait for its reader says so with one more signal.
void Loop::write_apart() {
    std::string text;
    pipeline_.finish(FinishGoes::apart, text, totals(), now_);
    if (text.empty()) return;
    for (const Held& held : sources_) system_.forget(held.ready_fd);
    system_.forget(output_wanted_.fd);
    system_.want_instead({});
    system_.set_sources_state(System::SourcesState::at_rest);
    notices_.write(text);
    const int signals = system_.attend(now_.steady).all;
    while (!notices_.flush()) {
        const pollfd room = notices_.wanted();
        system_.want(room.fd, room.events);
        if (!system_.sleep_until(std::nullopt)) return;
        read_clocks();
        const StopRequests requests = system_.attend(now_.steady);
        if (requests.all > signals && requests.own > 0) return;
    }
}

SourceTotals Loop::totals() const {
    SourceTotals sum;
    for (const Held& held : sources_) {
        const SourceTotals one = held.source->totals();
        sum.processes += one.processes;
        sum.looks += one.looks;
        sum.late_looks += one.late_looks;
    }
    return sum;
}

}  // namespace logfia
