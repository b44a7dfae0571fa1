#include <logfia/source/poll/inheritance.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kThreadCheckPause = std::chrono::seconds(5);

DetailAsker::Options detail_options(const PollerOptions& options) {
    DetailAsker::Options details;
    details.interval = options.interval.duration();
    details.sockets = {
        options.single_look ? SocketProbe::Reading::until_sure : SocketProbe::Reading::once,
        options.copies ? SocketProbe::Copies::allowed : SocketProbe::Copies::forbidden,
        options.totals ? TcpDetails::wanted : TcpDetails::left_out};
    details.socket_details = options.socket_details;
    details.totals = options.totals;
    details.targets = options.targets;
    details.hangups = options.hangups && !options.single_look;
    return details;
}

/// Outside a real procfs, a held link need not show what has taken its place.
std::size_t kept_links(const ProcRoot& root, const PollerOptions& options) {
    return options.kept_links > 0 && root.is_procfs() ? options.kept_links : 0;
}

/// Drops the launcher's own descriptors, which are not those of the command, which has not begun
/// yet.
void keep_to_given(FdSnapshot& seen, const std::vector<GivenFd>& given) {
    std::erase_if(seen.entries(), [&](const FdEntry& entry) {
        return std::none_of(given.begin(), given.end(), [&](const GivenFd& one) {
            return one.fd == entry.fd && one.name == seen.name(entry);
        });
    });
}

}  // namespace

Poller::Poller(ProcRoot root, const PollerOptions& options, Numbers& numbers)
    : root_(std::move(root)),
      gate_(options.gate),
      repeats_(options.interval.is_back_to_back() ? FdReader::kTurns : 0),
      machine_(root_),
      processes_(root_, numbers),
      reader_(root_, options.interval, kept_links(root_, options)),
      describer_(root_, options.facts),
      details_(detail_options(options), describer_),
      ledger_(numbers),
      changes_({root_, describer_, details_, reader_.links(), ledger_},
               options.limits ? TableChanges::Limits::wanted : TableChanges::Limits::left_out),
      replacements_(describer_, changes_, options.interval.duration()),
      records_({options.process_events, options.not_names, options.execs_are_heard}, root_,
               ledger_) {}

void Poller::after_exec() {
    for (const auto& watched : processes_.all()) {
        if (watched->origin.start != Origin::Start::launched) continue;
        watched->refresh_comm(root_);
        records_.launched(*watched, look_.now);
    }
    looked_ahead_ = true;
}

void Poller::look_at_new(Now now, EventSink& sink) {
    hear_execs();
    if (processes_.seen() != seen_)
        look_ahead(now);
    else if (records_.has_news())
        look_.now = now;
    else
        return;
    publish(sink);
}

void Poller::hear_execs() {
    for (WatchedProcess* watched : processes_.collect_execs()) records_.exec(*watched);
}

void Poller::look_ahead(Now now) {
    begin_look(now);
    machine_.forget_answer();
    describer_.begin_look(now.steady);
    for (const auto& watched : processes_.all()) {
        if (watched->begun) continue;
        inspect(*watched, judge(*watched));
    }
    details_.answer(root_, now.steady, processes_);
}

void Poller::begin_look(Now now) {
    look_.now = now;
    ++look_.number;
    seen_ = processes_.seen();
}

void Poller::look(Now now, EventSink& sink) {
    look_.now = now;
    if (std::exchange(looked_ahead_, false)) publish(sink);
    begin_look(now);
    hear_execs();
    const auto all = processes_.all();
    replacements_.begin_look(all.empty() ? 0 : all.back()->process.pid(), now.steady);
    describer_.let_go_idle(now.steady);
    details_.begin_look();
    machine_.forget_answer();
    bool looked = false;
    const auto look_at = [&](WatchedProcess& watched) {
        const auto verdict = judge(watched);
        watched.keep_comm_current(root_, verdict, now.steady);
        if (verdict == RunGate::Verdict::skip) return;
        if (!looked) describer_.begin_look(now.steady);
        looked = true;
        inspect(watched, verdict);
        machine_.forget_answer();
    };
    // Newcomers first, while the last tables of their parents still have what was passed on.
    for (const auto& watched : all)
        if (!watched->begun) look_at(*watched);
    for (const auto& watched : all)
        if (watched->begun && watched->first_look != look_.number) look_at(*watched);
    const bool asked = details_.ask_for_hangups(root_, processes_, now.steady);
    // An idle look ends here: all processes slept.
    if (!looked && !asked && !records_.has_news()) return;
    details_.answer(root_, now.steady, processes_);
    publish(sink);
}

bool Poller::reap(std::span<const pollfd> ready, Now now, EventSink& sink) {
    ended_.clear();
    for (const pollfd& one : ready)
        if (WatchedProcess* watched = processes_.pidfds().owner_of(one.fd);
            watched != nullptr && watched->process.has_ended())
            ended_.push_back(watched);
    if (ended_.empty()) return false;
    look_.now = now;
    hear_execs();
    std::sort(ended_.begin(), ended_.end(),
              [](const auto* a, const auto* b) { return a->process.pid() < b->process.pid(); });
    for (WatchedProcess* watched : ended_) end(*watched);
    publish(sink);
    return true;
}

/// Of those that slept before, mostly none runs, which one question tells for all of them.
RunClock Poller::read_clock(const WatchedProcess& watched) {
    if (watched.gate.owes_looks() || watched.sharing == TableSharing::proved)
        return {watched.process.cpu_time(), false};
    if (watched.gate.slept() && machine_.is_idle()) return {watched.process.cpu_time(), true};
    return watched.read_clock(watched.gate.clock_before_look());
}

RunGate::Verdict Poller::judge(WatchedProcess& watched) {
    const SteadyTime now = look_.now.steady;
    watched.clock = read_clock(watched);
    const auto verdict = watched.gate.judge(watched.clock, now, repeats_);
    if (verdict != RunGate::Verdict::skip) return verdict;
    if (now >= watched.socket_timetable.late()) return RunGate::Verdict::recheck;
    if (!gate_) return RunGate::Verdict::look;
    const bool may_compare =
        ReplacementSearch::owes_turn(watched) && replacements_.claim_turn(watched);
    return may_compare ? RunGate::Verdict::recheck : verdict;
}

void Poller::inspect(WatchedProcess& watched, RunGate::Verdict verdict) {
    if (watched.process.is_kernel_thread() && !std::exchange(watched.kernel_thread_told, true))
        notices_.push_back(fmt::format("process {} ({}) is a kernel thread: it has no descriptors",
                                       watched.process.pid(), watched.process.comm()));
    const LookOutcome outcome = reader_.read(watched, look_);
    if (outcome.state == LookOutcome::State::gone) return end(watched);
    note_outcome(watched, outcome);
    records_.look(watched);
    if (outcome.state == LookOutcome::State::complete) note_table(watched, verdict);
    watched.gate.looked(look_.now.steady, ledger_.open());
    if (outcome.state == LookOutcome::State::failed) watched.gate.failed();
    watched.process.release();
}

/// Reports once that something may be missed, and notes when that is over.
void Poller::note_outcome(WatchedProcess& watched, const LookOutcome& outcome) {
    const bool failed = outcome.state == LookOutcome::State::failed;
    if (failed && !watched.look_failed)
        ledger_.lost(watched, fmt::format("its descriptors cannot be listed: {}",
                                          std::strerror(outcome.error)));
    watched.look_failed = failed;
    if (failed) return;
    if (outcome.denied) reader_.let_go_of_links(watched);
    if (outcome.denied && !watched.denied)
        ledger_.lost(watched, "its links may no longer be read: Permission denied");
    // If the links can be read again, sockets may be asked again too.
    if (watched.denied && !outcome.denied)
        watched.socket_access.copies = SocketAccess::Copies::possible;
    watched.denied = outcome.denied;
}

/// Notes what was read of the table, and whatever else is due for its process.
void Poller::note_table(WatchedProcess& watched, RunGate::Verdict verdict) {
    using Change = TableChanges::Change;
    using Found = ReplacementSearch::Found;
    const Origin& origin = watched.origin;
    std::optional<Ancestry> ancestry;
    if (!watched.begun && origin.start == Origin::Start::launched)
        keep_to_given(reader_.seen(), origin.given);
    if (!watched.begun && origin.start == Origin::Start::during_watch)
        ancestry = trace_ancestry(root_, watched, processes_);
    const Change change =
        changes_.note(watched, reader_.seen(), look_, ancestry ? &*ancestry : nullptr);
    records_.reveal(watched, look_.now);
    ancestry.reset();
    if (change != Change::none) replacements_.list(watched);
    const Found found = replacements_.search(watched, look_);
    if (found != Found::nothing) watched.refresh_comm(root_);
    const bool changed = change == Change::descriptors || found == Found::replaced_by_other;
    // The process may have woken up during the look.
    if (changed && watched.begun && verdict == RunGate::Verdict::recheck &&
        !watched.may_have_run_since(watched.clock.cpu))
        watched.sharing = TableSharing::proved;
    details_.ask_again(watched, look_.now.steady);
    check_threads(watched);
    watched.looked_at = true;
    if (watched.begun && !watched.denied) reader_.links().keep_some(watched, look_.number);
    if (!std::exchange(watched.begun, true)) {
        watched.first_look = look_.number;
        watched.actor.watched_since = look_.now.steady;
    }
}

void Poller::check_threads(WatchedProcess& watched) {
    if (watched.threads_told) return;
    const SteadyTime now = look_.now.steady;
    if (watched.begun && now - watched.threads_checked < kThreadCheckPause) return;
    watched.threads_checked = now;
    if (!watched.process.find_thread_with_own_table()) return;
    watched.threads_told = true;
    notices_.push_back(fmt::format(
        "process {} ({}) has a thread with a descriptor table of its own, which is not looked into",
        watched.process.pid(), watched.process.comm()));
}

void Poller::end(WatchedProcess& watched) {
    if (watched.ended) return;
    processes_.end(watched);
    if (!watched.begun && watched.origin.start == Origin::Start::during_watch) ++unseen_;
    watched.refresh_comm(root_);
    records_.end(watched);
    reader_.links().let_go_all(watched);
    describer_.forget(watched.process);
    for (const FdEntry& entry : watched.snapshot.entries())
        ledger_.closed(watched, entry.slot, Ledger::Closing::at_exit);
}

void Poller::publish(EventSink& sink) {
    if (const char* notice = details_.new_notice()) notices_.emplace_back(notice);
    if (const char* notice = describer_.new_notice()) notices_.emplace_back(notice);
    for (const auto& notice : notices_) sink.notice(notice);
    notices_.clear();
    details_.finish(processes_, ledger_);
    ledger_.publish_ends(look_.now, sink);
    records_.publish(look_.now, sink);
    ledger_.publish_rest(look_.now, sink);
    processes_.forget_ended();
}

}  // namespace logfia
