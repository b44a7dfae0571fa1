#include <logfia/proc/children.hpp>
#include <logfia/proc/open_processes.hpp>
#include <logfia/proc/process_set.hpp>

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
constexpr Duration kLongestPauseDenied = std::chrono::seconds(10);
// A listing costs about 0.5 us a process: keep that below 5 % of a CPU.
constexpr Duration kPauseForEach = std::chrono::microseconds(10);

/// As many as may come: the limit of open files sets the bound.
constexpr std::size_t kMany = 100'000;

std::size_t expected(const WantedProcesses& wanted) {
    return wanted.by_name() || wanted.follow ? kMany : wanted.pids.size();
}

bool is_denied(const Error& error) {
    return error.code == EACCES || error.code == EPERM;
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
    if (root.native()) {
        if (auto events = ProcessEvents::open()) events_ = std::move(*events);
    }
    if (wanted_.follow && !events_) poller_.list_children();
}

std::vector<Error> ProcessSet::begin(EventSink& sink) {
    OpenedProcesses opened = open_processes(poller_.root(), wanted_.pids, holdings_);
    if (!opened.notice.empty()) sink.notice(opened.notice);
    for (Process& process : opened.processes) {
        family_.follow(process.pid(), 0);
        family_.set_start(process.pid(), process.start_time());
        poller_.add(std::move(process));
    }
    if (wanted_.by_name()) scan({}, sink);
    if (wanted_.follow) add_descendants(sink);
    begun_ = true;
    tell_start(sink);
    return std::move(opened.errors);
}

Result<bool> ProcessSet::begin_with(pid_t command, std::vector<GivenFd> given) {
    auto process = Process::open(poller_.root(), command, Holding::descriptors);
    if (!process) return process.error();
    family_.follow(command, 0);
    family_.set_start(command, process->start_time());
    poller_.add(std::move(*process), {Birth::When::by_us, 0, std::move(given)});
    began_ = 0;  // whatever follows was born under our eyes
    begun_ = true;
    return true;
}

void ProcessSet::take_news(Now now, EventSink& sink) {
    if (!events_) return;
    news_.clear();
    const auto reading = events_->read(news_);
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
    // Whoever had the number before is no more.
    family_.forget(pid);
    denied_.erase(pid);
    if (wanted_.follow && (family_.follows(parent) || makes_siblings(parent))) {
        adopt(pid, parent, sink);
    } else if (wanted_.by_name()) {
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
    if (!family_.follows(pid) && !denied_.contains(pid)) return;
    if (lives(poller_.root(), pid)) return;
    family_.forget(pid);
    denied_.erase(pid);
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
    if (family_.follows(pid)) {
        adopt(pid, 0, sink);
    } else if (wanted_.by_name()) {
        judge(pid, sink);
    }
}

/// The connector has dropped something: what came may be found by a look around, what came and went
/// is lost.
void ProcessSet::recover(Now now, EventSink& sink) {
    Event event;
    event.kind = EventKind::lost;
    event.at = now;
    event.reason = "the kernel dropped notices of new processes: some may have been missed";
    sink.accept(std::move(event));
    // Those alone that are known not to have given their numbers to others.
    family_.keep_if([this](pid_t pid, std::uint64_t start_time) {
        return start_time != 0 && lives(poller_.root(), pid, start_time);
    });
    if (wanted_.by_name()) scan(now.steady, sink);
    if (wanted_.follow) add_descendants(sink);
}

void ProcessSet::refresh(Now now, EventSink& sink) {
    take_news(now, sink);
    if (events_ || now.steady < next_scan_) return;
    if (wanted_.by_name()) scan(now.steady, sink);
}

bool ProcessSet::adopt_children(EventSink& sink) {
    if (!wanted_.follow || events_) return false;
    poller_.take_children(children_);
    if (wanted_.orphans_are_ours) {
        listed_.clear();
        append_children(poller_.root(), self_, listed_);
        for (const pid_t orphan : listed_) children_.push_back({orphan, 0});
    }
    bool added = false;
    for (const auto& [pid, parent] : children_)
        if (!poller_.watches(pid)) added = adopt(pid, parent, sink) || added;
    return added;
}

/// Those that were there before us, and those of them.
void ProcessSet::add_descendants(EventSink& sink) {
    std::vector<pid_t> parents = poller_.pids();
    while (!parents.empty()) {
        const pid_t parent = parents.back();
        parents.pop_back();
        listed_.clear();
        append_children(poller_.root(), parent, listed_);
        for (const pid_t child : listed_) {
            if (poller_.watches(child)) continue;
            adopt(child, parent, sink);
            parents.push_back(child);
        }
    }
}

bool ProcessSet::adopt(pid_t pid, pid_t parent, EventSink& sink) {
    family_.follow(pid, parent);
    const auto facts = read_facts(poller_.root(), pid);
    if (!facts) return false;
    family_.set_start(pid, facts->start_time);
    // What is there at the beginning is listed then. A child that is found later is new, unless its
    // parent has come to be watched by its name: there the start tells, in coarse clock ticks.
    const bool before = !begun_ || (wanted_.by_name() && !events_ && facts->start_time <= began_);
    return add(*facts, {before ? Birth::When::before : Birth::When::during, parent, {}}, sink);
}

ProcessSet::Judgement ProcessSet::judge(pid_t pid, EventSink& sink) {
    const auto facts = read_facts(poller_.root(), pid);
    if (!facts) return Judgement::settled;
    if (!is_wanted(*facts)) return Judgement::unwanted;
    const bool before = facts->start_time <= began_;
    if (wanted_.follow) {
        family_.follow(pid, facts->parent);
        family_.set_start(pid, facts->start_time);
    }
    add(*facts, {before ? Birth::When::before : Birth::When::during, facts->parent, {}}, sink);
    return denied_.contains(pid) ? Judgement::denied : Judgement::settled;
}

bool ProcessSet::is_wanted(const ProcessFacts& facts) const {
    if (facts.pid == self_ || facts.kernel_thread || facts.zombie) return false;
    const ProcRoot& root = poller_.root();
    if (wanted_.user && wanted_.user != user_of(root, facts.pid)) return false;
    return wanted_.all || is_named(root, facts, wanted_.names);
}

bool ProcessSet::add(const ProcessFacts& facts, Birth birth, EventSink& sink) {
    if (facts.pid == self_ || poller_.watches(facts.pid)) return false;
    const Holding holding = holdings_.next(poller_.watched());
    auto process = Process::open(poller_.root(), facts.pid, holding);
    if (!process) {
        if (is_denied(process.error())) deny(facts, process.error(), sink);
        return false;
    }
    denied_.erase(facts.pid);
    poller_.add(std::move(*process), std::move(birth));
    if (holding == Holding::nothing && !std::exchange(told_crowd_, true))
        sink.notice(holdings_.advice(poller_.watched()));
    return true;
}

/// Of each that was meant by name or kinship a word is said once, as long as there are few; of all
/// there is, how many.
void ProcessSet::deny(const ProcessFacts& facts, const Error& error, EventSink& sink) {
    const auto [known, is_new] = denied_.try_emplace(facts.pid, facts.start_time);
    const bool told = !is_new && known->second == facts.start_time;
    known->second = facts.start_time;
    if (told || wanted_.all) return;
    if (denials_told_ < kMostDenialsTold) sink.notice(describe(error));
    if (denials_told_ == kMostDenialsTold)
        sink.notice("more processes may not be looked into: they are not told one by one any more");
    if (denials_told_ <= kMostDenialsTold) ++denials_told_;
}

/// Judges all that are new since the last time, and those whose time has come again.
void ProcessSet::scan(SteadyTime now, EventSink& sink) {
    listed_.clear();
    list_processes(poller_.root(), listed_);
    spare_.clear();
    auto known = candidates_.begin();
    for (const pid_t pid : listed_) {
        while (known != candidates_.end() && known->pid < pid) ++known;
        const bool is_known = known != candidates_.end() && known->pid == pid;
        Candidate candidate = is_known ? *known : Candidate{pid, now, kFirstPause};
        if (now >= candidate.next) {
            if (pid == self_ || poller_.watches(pid)) continue;
            const Judgement judgement = judge(pid, sink);
            if (judgement == Judgement::settled) continue;
            const Duration longest =
                judgement == Judgement::denied ? kLongestPauseDenied : kLongestPause;
            candidate.next = now + candidate.pause;
            candidate.pause = std::min(2 * candidate.pause, longest);
        }
        spare_.push_back(candidate);
    }
    candidates_.swap(spare_);
    std::erase_if(denied_, [&](const auto& denied) {
        return !std::binary_search(listed_.begin(), listed_.end(), denied.first);
    });
    const auto affordable = kPauseForEach * static_cast<Duration::rep>(listed_.size());
    next_scan_ = now + std::max<Duration>(wanted_.interval, affordable);
}

/// What a person who waits for records should know.
void ProcessSet::tell_start(EventSink& sink) {
    if (wanted_.all && !denied_.empty()) {
        const bool one = denied_.size() == 1;
        sink.notice(fmt::format("{} may not be looked into and {} left out: {}",
                                one ? "1 process" : fmt::format("{} processes", denied_.size()),
                                one ? "is" : "are", advice_to_be_root()));
    }
    if (awaits_more() && poller_.watched() == 0)
        sink.notice(wanted_.all ? "no process yet: waiting"
                                : fmt::format("no process is named '{}' yet: waiting",
                                              fmt::join(wanted_.names, "' or '")));
}

}  // namespace logfia
