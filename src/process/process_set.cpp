#include <logfia/process/open_processes.hpp>
#include <logfia/process/process_connector.hpp>
#include <logfia/process/process_set.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace logfia {
namespace {

// A listing costs about 0.5 us a process: keep that below 5 % of a CPU.
constexpr Duration kPauseForEach = std::chrono::microseconds(10);

Error cannot_watch(pid_t pid, int code) {
    return {"cannot watch", fmt::format("process {}", pid), code, {}};
}

}  // namespace

std::unique_ptr<ProcessEvents> ProcessSet::connect(const ProcRoot& root,
                                                   const WantedProcesses& wanted) {
    if (!wanted.waits || (!wanted.by_name() && !wanted.follow) || !root.native()) return nullptr;
    auto connector = ProcessConnector::open();
    return connector ? std::make_unique<ProcessConnector>(std::move(*connector)) : nullptr;
}

ProcessSet::ProcessSet(WantedProcesses wanted, Interval interval, const DescriptorBudget& budget,
                       const ProcRoot& root, ProcessWatcher& watcher,
                       std::unique_ptr<ProcessEvents> events)
    : wanted_(std::move(wanted)),
      interval_(interval),
      budget_(budget),
      root_(root),
      watcher_(watcher),
      events_(std::move(events)) {
    const auto self = read_facts(root_, root_.self());
    self_ = root_.self();
    began_ = self ? self->start_time : std::numeric_limits<std::uint64_t>::max();
}

std::vector<Error> ProcessSet::begin(NoticeSink& sink) {
    OpenedProcesses opened = open_processes(root_, wanted_.pids, budget_);
    if (!opened.notice.empty()) sink.notice(opened.notice);
    for (Process& process : opened.processes) {
        family_.follow(process.pid(), 0);
        family_.set_start(process.pid(), process.start_time());
        watcher_.add(std::move(process), {});
    }
    if (wanted_.by_name()) scan(sink);
    if (wanted_.follow) add_descendants(sink);
    begun_ = true;
    notices_.start(pending_.count(PendingProcess::Why::denied), watcher_.watched(), sink);
    return std::move(opened.errors);
}

Result<bool> ProcessSet::begin_with(pid_t command, std::vector<GivenFd> given) {
    auto process = Process::open(root_, command, Holding::descriptors);
    if (!process) return process.error();
    command_ = command;
    family_.follow(command, 0);
    family_.set_start(command, process->start_time());
    watcher_.add(std::move(*process), {Origin::Start::launched, {}, std::move(given), false});
    began_ = 0;  // processes that follow start during the watch
    begun_ = true;
    return true;
}

ProcessSet::News ProcessSet::read_news(Now now, EventSink& sink) {
    now_ = now.steady;
    if (!events_) return News::all_heard;
    news_.clear();
    const auto reading = events_->read(news_);
    const auto names = std::count_if(news_.begin(), news_.end(), [](const ProcessEvent& one) {
        return one.kind == ProcessEvent::Kind::comm;
    });
    events_->hear_names(name_flood_.may_hear(static_cast<std::size_t>(names), now_));
    hear(news_, sink);
    if (reading == ProcessEvents::Reading::overflowed) news_dropped_ = true;
    if (reading != ProcessEvents::Reading::complete) return News::more;
    // Only now: until all that it has kept is read, the kernel drops whatever comes
    // (netlink_rcv_wake(), net/netlink/af_netlink.c).
    if (std::exchange(news_dropped_, false)) recover(now, sink);
    return News::all_heard;
}

void ProcessSet::hear(std::span<const ProcessEvent> news, NoticeSink& sink) {
    for (const ProcessEvent& one : news) {
        switch (one.kind) {
            case ProcessEvent::Kind::fork:
                on_fork(one.pid, one.parent, sink);
                break;
            case ProcessEvent::Kind::exec:
                on_exec(one.pid, sink);
                break;
            case ProcessEvent::Kind::comm:
                watcher_.note_comm(one.pid, one.name());
                break;
            case ProcessEvent::Kind::exit:
                on_exit(one);
                break;
        }
    }
    if (family_.is_crowded()) forget_dead();
}

void ProcessSet::on_fork(pid_t pid, pid_t parent, NoticeSink& sink) {
    // The number's former owner is no more.
    family_.forget(pid);
    pending_.erase(pid);
    watcher_.forget_past(pid);
    if (wanted_.follow && (family_.follows(parent) || makes_siblings(parent))) {
        adopt(pid, parent, sink);
    } else if (wanted_.by_name()) {
        family_.note(pid, parent);
        judge(pid, sink);
    }
}

/// With CLONE_PARENT, the command or an orphan of it makes children of ours (clone(2)).
bool ProcessSet::makes_siblings(pid_t parent) const {
    return wanted_.orphans_are_ours && parent == self_;
}

/// The end of the first thread alone is reported like that of the process. During an exec by
/// another thread, the first thread is a zombie for a moment, and then the other thread takes its
/// number (de_thread(), fs/exec.c).
void ProcessSet::on_exit(const ProcessEvent& news) {
    const pid_t pid = news.pid;
    if (news.exit_code) watcher_.note_exit(pid, *news.exit_code);
    const bool matters = family_.follows(pid) || pending_.contains(pid);
    if (matters && lives(root_, pid)) return;
    family_.forget(pid);
    pending_.erase(pid);
}

/// Forgets processes that ended without news: those whose first thread ended before the others.
void ProcessSet::forget_dead() {
    family_.keep_if(
        [this](pid_t pid, std::uint64_t start_time) { return lives(root_, pid, start_time); });
}

/// An exec gives another name, and perhaps other rights.
void ProcessSet::on_exec(pid_t pid, NoticeSink& sink) {
    if (watcher_.note_exec(pid)) return;
    if (auto waiting = pending_.find(pid)) {
        try_again(std::move(*waiting), sink);
    } else if (family_.follows(pid)) {
        adopt(pid, family_.parent_of(pid), sink);
    } else if (wanted_.by_name()) {
        judge(pid, sink);
    }
}

/// The connector has dropped some news: processes that came may be found by listing, processes that
/// came and went are lost.
void ProcessSet::recover(Now now, EventSink& sink) {
    sink.accept(
        lost(now, "the kernel dropped notices of new processes: some may have been missed"));
    // Keeps only processes whose numbers are known not to have been given to others.
    family_.keep_if([this](pid_t pid, std::uint64_t start_time) {
        return start_time != 0 && lives(root_, pid, start_time);
    });
    pending_.retry_all();
    if (wanted_.by_name()) scan(sink);
    if (wanted_.follow) add_descendants(sink);
}

ProcessSet::News ProcessSet::refresh(Now now, EventSink& sink) {
    now_ = now.steady;
    const News news = read_news(now, sink);
    try_again(sink);
    if (now_ < next_scan_) return news;
    if (wanted_.by_name() && (!events_ || scan_failed_)) scan(sink);
    if (descendants_missing_) add_descendants(sink);
    return news;
}

bool ProcessSet::adopt(pid_t pid, pid_t parent, NoticeSink& sink) {
    // A child of our own is the command's, or lost a parent that was descended from it.
    if (parent == self_) parent = command_;
    if (!family_.follows(pid) || family_.parent_of(pid) != parent) family_.follow(pid, parent);
    const auto facts = read_facts(root_, pid);
    if (!facts) {
        const auto start = begun_ ? Origin::Start::during_watch : Origin::Start::before_watch;
        put_off(
            {pid, 0, {}, PendingProcess::Wanted::yes, {start, family_.ancestors_of(pid), {}, true}},
            cannot_watch(pid, facts.error()), sink);
        return false;
    }
    family_.set_start(pid, facts->start_time);
    // A zombie is listed until it is reaped.
    if (facts->zombie && !events_) wait_for_reaping(*facts);
    if (facts->zombie) {
        note_unseen(pid);
        return false;
    }
    // Children that exist at the beginning are listed then. A child that is found later is new,
    // unless its parent came to be watched by its name: then the start time tells, in coarse clock
    // ticks.
    const bool before = !begun_ || (wanted_.by_name() && !events_ && facts->start_time <= began_);
    const auto start = before ? Origin::Start::before_watch : Origin::Start::during_watch;
    return add(*facts, {start, family_.ancestors_of(pid), {}, true}, sink);
}

ProcessSet::Judgement ProcessSet::judge(pid_t pid, NoticeSink& sink) {
    const auto facts = read_facts(root_, pid);
    const auto wanted = facts ? is_wanted(*facts) : Reading<bool>::failed(facts.error());
    if (is_lacking(wanted.error())) {
        const PendingProcess one{
            pid, facts ? facts->start_time : 0, {}, PendingProcess::Wanted::undecided, {}};
        put_off(one, cannot_watch(pid, wanted.error()), sink);
        return Judgement::settled;
    }
    if (!wanted.value_or(false)) {
        pending_.erase(pid);
        note_unjudged(pid, facts);
        return facts ? Judgement::unwanted : Judgement::settled;
    }
    const bool before = facts->start_time <= began_;
    const auto start = before ? Origin::Start::before_watch : Origin::Start::during_watch;
    // The parent in `stat` may be one that has taken in an orphan.
    const pid_t told = family_.parent_of(pid, facts->start_time);
    const pid_t parent = told != 0 ? told : facts->parent;
    if (wanted_.follow && (told == 0 || !family_.follows(pid)))
        family_.follow(pid, parent);
    else if (told == 0)
        family_.note(pid, parent);
    family_.set_start(pid, facts->start_time);
    add(*facts, {start, family_.ancestors_of(pid), {}, true}, sink);
    return Judgement::settled;
}

/// True when it can be watched, and the options name it.
Reading<bool> ProcessSet::is_wanted(const ProcessFacts& facts) const {
    if (facts.pid == self_ || facts.kernel_thread || facts.zombie) return false;
    return is_chosen(facts);
}

/// True when the options name such a process. Fails when the fact that would decide cannot be read.
Reading<bool> ProcessSet::is_chosen(const ProcessFacts& facts) const {
    if (wanted_.user) {
        const auto user = user_of(root_, facts.pid);
        if (!user) return Reading<bool>::failed(user.error());
        if (*user != *wanted_.user) return false;
    }
    // A name that may not be read excludes nobody.
    if (!wanted_.not_names.empty() && is_named(root_, facts, wanted_.not_names).value_or(false))
        return false;
    if (wanted_.all) return true;
    return is_named(root_, facts, wanted_.names);
}

bool ProcessSet::add(const ProcessFacts& facts, Origin origin, NoticeSink& sink) {
    if (facts.pid == self_ || watcher_.watches(facts.pid, facts.start_time)) return false;
    const Holding holding = budget_.holding_of_next(watcher_.watched());
    auto process = Process::open(root_, facts.pid, holding);
    if (!process) {
        put_off({facts.pid, facts.start_time, {}, PendingProcess::Wanted::yes, std::move(origin)},
                process.error(), sink);
        return false;
    }
    pending_.erase(facts.pid);
    family_.settle(facts.pid);
    watcher_.add(std::move(*process), std::move(origin));
    if (holding == Holding::nothing) notices_.crowded(budget_, watcher_.watched(), sink);
    return true;
}

/// Judges all that are new since the last time, and those whose time has come again.
void ProcessSet::scan(NoticeSink& sink) {
    listed_.clear();
    next_scan_ = now_ + kPauseAfterFailure;
    const ProcessListing listing = list_processes(root_, listed_);
    scan_failed_ = listing.state == ProcessListing::State::failed;
    if (scan_failed_) return notices_.unlisted({"list", "all processes", listing.error, {}}, sink);
    candidates_.judge(listed_, now_, [&](pid_t pid) {
        if (pid == self_ || is_watched(pid) || pending_.contains(pid)) return false;
        return judge(pid, sink) == Judgement::unwanted;
    });
    const auto affordable = kPauseForEach * static_cast<Duration::rep>(listed_.size());
    next_scan_ = now_ + std::max(interval_.duration(), affordable);
}

}  // namespace logfia
