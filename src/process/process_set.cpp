#include <logfia/process/open_processes.hpp>
#include <logfia/process/process_set.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace logfia {
namespace {

// A process may be anything a moment after its start, when it has forked and not yet called exec.
constexpr Duration kFirstPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(1);
// A listing costs about 0.5 us a process: keep that below 5 % of a CPU.
constexpr Duration kPauseForEach = std::chrono::microseconds(10);

/// As many as may come: the limit of open files sets the bound.
constexpr std::size_t kMany = 100'000;

std::size_t expected(const WantedProcesses& wanted) {
    return wanted.by_name() || wanted.follow ? kMany : wanted.pids.size();
}

Error cannot_watch(pid_t pid, int code) {
    return {"cannot watch", fmt::format("process {}", pid), code, {}};
}

}  // namespace

ProcessSet::ProcessSet(WantedProcesses wanted, Poller& poller)
    : wanted_(std::move(wanted)), poller_(poller), holdings_(expected(wanted_)) {
    const ProcRoot& root = poller_.root();
    // Elsewhere a link that is held need not tell what has taken its place.
    if (wanted_.waits && root.is_procfs()) poller_.keep_links(holdings_.links());
    const auto self = read_facts(root, root.self());
    self_ = root.self();
    began_ = self ? self->start_time : std::numeric_limits<std::uint64_t>::max();
    if (!wanted_.waits || (!wanted_.by_name() && !wanted_.follow)) return;
    poller_.keep_past();
    if (root.native()) {
        if (auto events = ProcessEvents::open()) events_ = std::move(*events);
    }
    if (wanted_.follow && !events_) poller_.note_looked_at();
}

std::vector<Error> ProcessSet::begin(EventSink& sink) {
    OpenedProcesses opened = open_processes(poller_.root(), wanted_.pids, holdings_);
    if (!opened.notice.empty()) sink.notice(opened.notice);
    for (Process& process : opened.processes) {
        family_.follow(process.pid(), 0);
        family_.set_start(process.pid(), process.start_time());
        poller_.add(std::move(process));
    }
    if (wanted_.by_name()) scan(sink);
    if (wanted_.follow) add_descendants(sink);
    begun_ = true;
    tell_start(sink);
    return std::move(opened.errors);
}

Result<bool> ProcessSet::begin_with(pid_t command, std::vector<GivenFd> given) {
    auto process = Process::open(poller_.root(), command, Holding::descriptors);
    if (!process) return process.error();
    command_ = command;
    family_.follow(command, 0);
    family_.set_start(command, process->start_time());
    poller_.add(std::move(*process), {Birth::When::by_us, {}, std::move(given)});
    began_ = 0;  // whatever follows was born under our eyes
    begun_ = true;
    return true;
}

void ProcessSet::take_news(Now now, EventSink& sink) {
    now_ = now.steady;
    if (!events_) return;
    news_.clear();
    const auto reading = events_->read(news_);
    const auto names = std::count_if(news_.begin(), news_.end(), [](const ProcessEvent& one) {
        return one.kind == ProcessEvent::Kind::comm;
    });
    events_->hear_names(name_flood_.may_hear(static_cast<std::size_t>(names), now_));
    hear(news_, sink);
    if (reading == ProcessEvents::Reading::overflowed) recover(now, sink);
}

void ProcessSet::hear(std::span<const ProcessEvent> news, EventSink& sink) {
    for (const ProcessEvent& one : news) {
        switch (one.kind) {
            case ProcessEvent::Kind::fork:
                take_fork(one.pid, one.parent, sink);
                break;
            case ProcessEvent::Kind::exec:
                take_exec(one.pid, sink);
                break;
            case ProcessEvent::Kind::comm:
                poller_.take_comm(one.pid, one.name());
                break;
            case ProcessEvent::Kind::exit:
                take_exit(one.pid);
                break;
        }
    }
    if (family_.is_crowded()) forget_dead();
}

void ProcessSet::take_fork(pid_t pid, pid_t parent, EventSink& sink) {
    // The number's former owner is no more.
    family_.forget(pid);
    pending_.erase(pid);
    poller_.forget_past(pid);
    if (wanted_.follow && (family_.follows(parent) || makes_siblings(parent))) {
        adopt(pid, parent, sink);
    } else if (wanted_.by_name()) {
        family_.note(pid, parent);
        judge(pid, sink);
    }
}

/// With CLONE_PARENT the command, or an orphan of it, gives us children (clone(2)).
bool ProcessSet::makes_siblings(pid_t parent) const {
    return wanted_.orphans_are_ours && parent == self_;
}

/// The first thread's end alone is told like the process's. During an exec by another thread it is
/// a zombie for a moment, and then that thread has its number (de_thread(), fs/exec.c).
void ProcessSet::take_exit(pid_t pid) {
    const bool matters = family_.follows(pid) || pending_.contains(pid);
    if (matters && lives(poller_.root(), pid)) return;
    family_.forget(pid);
    pending_.erase(pid);
}

/// The end of a process whose first thread ended before the others is not told.
void ProcessSet::forget_dead() {
    family_.keep_if([this](pid_t pid, std::uint64_t start_time) {
        return lives(poller_.root(), pid, start_time);
    });
}

/// An exec gives another name, and perhaps other rights.
void ProcessSet::take_exec(pid_t pid, EventSink& sink) {
    if (poller_.take_exec(pid)) return;
    if (auto waiting = pending_.find(pid)) {
        try_again(std::move(*waiting), sink);
    } else if (family_.follows(pid)) {
        adopt(pid, family_.parent_of(pid), sink);
    } else if (wanted_.by_name()) {
        judge(pid, sink);
    }
}

/// The connector has dropped something: what came may be found by a look around, what came and went
/// is lost.
void ProcessSet::recover(Now now, EventSink& sink) {
    sink.accept(
        lost(now, "the kernel dropped notices of new processes: some may have been missed"));
    // Keep those alone whose numbers are known not to have been given to others.
    family_.keep_if([this](pid_t pid, std::uint64_t start_time) {
        return start_time != 0 && lives(poller_.root(), pid, start_time);
    });
    pending_.retry_all();
    if (wanted_.by_name()) scan(sink);
    if (wanted_.follow) add_descendants(sink);
}

void ProcessSet::refresh(Now now, EventSink& sink) {
    now_ = now.steady;
    take_news(now, sink);
    try_again(sink);
    if (now_ < next_scan_) return;
    if (wanted_.by_name() && (!events_ || scan_failed_)) scan(sink);
    if (descendants_missing_) add_descendants(sink);
}

bool ProcessSet::adopt(pid_t pid, pid_t parent, EventSink& sink) {
    // A child of our own is the command's, or lost a parent that was descended from it.
    if (parent == self_) parent = command_;
    if (!family_.follows(pid) || family_.parent_of(pid) != parent) family_.follow(pid, parent);
    int error = 0;
    const auto facts = read_facts(poller_.root(), pid, &error);
    if (!facts) {
        const Birth birth{
            begun_ ? Birth::When::during : Birth::When::before, family_.ancestors_of(pid), {}};
        put_off({pid, 0, {}, PendingProcess::Wanted::yes, birth}, cannot_watch(pid, error), sink);
        return false;
    }
    family_.set_start(pid, facts->start_time);
    // A zombie is listed until it is reaped.
    if (facts->zombie && !events_) wait_for_reaping(*facts);
    if (facts->zombie) return false;
    // What is there at the beginning is listed then. A child that is found later is new, unless its
    // parent has come to be watched by its name: there the start tells, in coarse clock ticks.
    const bool before = !begun_ || (wanted_.by_name() && !events_ && facts->start_time <= began_);
    const auto when = before ? Birth::When::before : Birth::When::during;
    return add(*facts, {when, family_.ancestors_of(pid), {}}, sink);
}

ProcessSet::Judgement ProcessSet::judge(pid_t pid, EventSink& sink) {
    int error = 0;
    const auto facts = read_facts(poller_.root(), pid, &error);
    const bool wanted = facts && is_wanted(*facts, &error);
    if (!wanted && is_lacking(error)) {
        const PendingProcess one{
            pid, facts ? facts->start_time : 0, {}, PendingProcess::Wanted::undecided, {}};
        put_off(one, cannot_watch(pid, error), sink);
        return Judgement::settled;
    }
    if (!wanted) {
        pending_.erase(pid);
        return facts ? Judgement::unwanted : Judgement::settled;
    }
    const bool before = facts->start_time <= began_;
    const auto when = before ? Birth::When::before : Birth::When::during;
    // The parent in its stat may be one that takes in orphans.
    const pid_t told = family_.parent_of(pid, facts->start_time);
    const pid_t parent = told != 0 ? told : facts->parent;
    if (wanted_.follow && (told == 0 || !family_.follows(pid)))
        family_.follow(pid, parent);
    else if (told == 0)
        family_.note(pid, parent);
    family_.set_start(pid, facts->start_time);
    add(*facts, {when, family_.ancestors_of(pid), {}}, sink);
    return Judgement::settled;
}

bool ProcessSet::is_wanted(const ProcessFacts& facts, int* error) const {
    if (facts.pid == self_ || facts.kernel_thread || facts.zombie) return false;
    const ProcRoot& root = poller_.root();
    *error = 0;
    if (wanted_.user && wanted_.user != user_of(root, facts.pid, error)) return false;
    return wanted_.all || is_named(root, facts, wanted_.names, error);
}

bool ProcessSet::add(const ProcessFacts& facts, Birth birth, EventSink& sink) {
    if (facts.pid == self_ || poller_.watches(facts.pid, facts.start_time)) return false;
    const Holding holding = holdings_.next(poller_.watched());
    auto process = Process::open(poller_.root(), facts.pid, holding);
    if (!process) {
        put_off({facts.pid, facts.start_time, {}, PendingProcess::Wanted::yes, std::move(birth)},
                process.error(), sink);
        return false;
    }
    pending_.erase(facts.pid);
    poller_.add(std::move(*process), std::move(birth));
    if (holding == Holding::nothing && !std::exchange(told_crowd_, true))
        sink.notice(holdings_.advice(poller_.watched()));
    return true;
}

/// Judges all that are new since the last time, and those whose time has come again.
void ProcessSet::scan(EventSink& sink) {
    listed_.clear();
    next_scan_ = now_ + kPauseAfterFailure;
    int error = 0;
    scan_failed_ = !list_processes(poller_.root(), listed_, &error);
    if (scan_failed_) return tell_unlisted({"list", "all processes", error, {}}, sink);
    spare_.clear();
    auto known = candidates_.begin();
    for (const pid_t pid : listed_) {
        while (known != candidates_.end() && known->pid < pid) ++known;
        const bool is_known = known != candidates_.end() && known->pid == pid;
        Candidate candidate = is_known ? *known : Candidate{pid, now_, kFirstPause};
        if (now_ >= candidate.next) {
            if (pid == self_ || poller_.watches(pid) || pending_.contains(pid)) continue;
            if (judge(pid, sink) == Judgement::settled) continue;
            candidate.next = now_ + candidate.pause;
            candidate.pause = std::min(2 * candidate.pause, kLongestPause);
        }
        spare_.push_back(candidate);
    }
    candidates_.swap(spare_);
    const auto affordable = kPauseForEach * static_cast<Duration::rep>(listed_.size());
    next_scan_ = now_ + std::max(wanted_.interval.duration(), affordable);
}

/// What a person who waits for records should know.
void ProcessSet::tell_start(EventSink& sink) {
    const std::size_t denied = pending_.count(PendingProcess::Why::denied);
    if (wanted_.all && denied > 0) {
        const bool one = denied == 1;
        sink.notice(fmt::format("{} may not be looked into and {} left out: {}",
                                one ? "1 process" : fmt::format("{} processes", denied),
                                one ? "is" : "are", advice_to_be_root()));
    }
    if (wanted_.waits && wanted_.by_name() && poller_.watched() == 0)
        sink.notice(wanted_.all ? "no process yet: waiting"
                                : fmt::format("no process is named '{}' yet: waiting",
                                              fmt::join(wanted_.names, "' or '")));
}

}  // namespace logfia
