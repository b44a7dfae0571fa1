#include <logfia/procfs/object_info.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kThreadCheckPause = std::chrono::seconds(5);
constexpr Duration kTargetsPause = std::chrono::seconds(1);
constexpr Duration kProbePause = std::chrono::seconds(1);

/// True when a number that was open before is not.
bool lacks_some_of(const FdSnapshot& before, const FdSnapshot& after) {
    auto now = after.entries().begin();
    const auto end = after.entries().end();
    for (const FdEntry& entry : before.entries()) {
        while (now != end && now->fd < entry.fd) ++now;
        if (now == end || now->fd != entry.fd) return true;
    }
    return false;
}

}  // namespace

Poller::Poller(ProcRoot root, PollerOptions options)
    : root_(std::move(root)),
      options_(options),
      describer_(root_),
      sockets_({options.interval.duration(),
                options.single_look ? SocketAsker::Reading::until_sure : SocketAsker::Reading::once,
                options.copies ? SocketAsker::Copies::allowed : SocketAsker::Copies::forbidden,
                options.totals ? TcpDetails::wanted : TcpDetails::left_out}) {}

void Poller::add(Process process, Birth birth) {
    auto watched = std::make_unique<WatchedProcess>(++processes_seen_, std::move(process),
                                                    std::move(birth), options_.interval);
    const auto at =
        std::lower_bound(processes_.begin(), processes_.end(), watched->process.pid(),
                         [](const auto& held, pid_t pid) { return held->process.pid() < pid; });
    if (watched->process.is_kernel_thread()) {
        notices_.push_back(fmt::format("process {} ({}) is a kernel thread: it has no descriptors",
                                       watched->process.pid(), watched->process.comm()));
    }
    if (const int pidfd = watched->process.pidfd(); pidfd >= 0) {
        by_pidfd_[pidfd] = watched.get();
        new_pidfds_.push_back(pidfd);
    }
    ++not_begun_;
    processes_.insert(at, std::move(watched));
}

WatchedProcess* Poller::find(pid_t pid) const {
    auto at = std::lower_bound(processes_.begin(), processes_.end(), pid,
                               [](const auto& held, pid_t p) { return held->process.pid() < p; });
    // One that has ended may stand beside the one that has its PID now.
    for (; at != processes_.end() && (*at)->process.pid() == pid; ++at)
        if (!(*at)->ended && !(*at)->process.has_ended()) return at->get();
    return nullptr;
}

bool Poller::watches(pid_t pid, std::uint64_t start_time) const {
    const WatchedProcess* found = find(pid);
    return found != nullptr && (start_time == 0 || found->process.start_time() == start_time);
}

std::vector<pid_t> Poller::pids() const {
    std::vector<pid_t> list;
    for (const auto& watched : processes_)
        if (!watched->ended) list.push_back(watched->process.pid());
    return list;
}

std::vector<int> Poller::take_pidfds() {
    std::erase_if(new_pidfds_, [this](int fd) { return !is_pidfd(fd); });
    return std::exchange(new_pidfds_, {});
}

void Poller::after_exec() {
    for (const auto& watched : processes_)
        if (watched->birth.when == Birth::When::by_us) watched->process.refresh_comm(root_);
    looked_ahead_ = true;
}

void Poller::look_at_new(Now now, EventSink& sink) {
    if (not_begun_ == 0) return;
    look_ahead(now);
    publish(sink);
}

void Poller::look_ahead(Now now) {
    now_ = now;
    ++look_;
    describer_.begin_look(now.steady);
    for (const auto& watched : processes_)
        if (!watched->begun) inspect(*watched, RunGate::Verdict::look);
    not_begun_ = 0;
    sockets_.answer(root_, now.steady, processes_);
}

void Poller::look(Now now, EventSink& sink) {
    now_ = now;
    if (std::exchange(looked_ahead_, false)) publish(sink);
    ++look_;
    begin_comparing();
    describer_.let_go_idle(now.steady);
    not_begun_ = 0;
    sockets_.hear_ends();
    bool looked = false;
    for (const auto& watched : processes_) {
        const auto verdict = judge(*watched);
        keep_comm_current(*watched, verdict);
        if (verdict == RunGate::Verdict::skip) continue;
        if (!looked) describer_.begin_look(now.steady);
        looked = true;
        inspect(*watched, verdict);
    }
    if (!looked) return;  // all of them slept: this is what an idle watch comes to
    sockets_.answer(root_, now.steady, processes_);
    publish(sink);
}

bool Poller::reap(std::span<const pollfd> ready, Now now, EventSink& sink) {
    ended_.clear();
    for (const pollfd& one : ready)
        if (const auto at = by_pidfd_.find(one.fd); at != by_pidfd_.end())
            ended_.push_back(at->second);
    if (ended_.empty()) return false;
    now_ = now;
    std::sort(ended_.begin(), ended_.end(),
              [](const auto* a, const auto* b) { return a->process.pid() < b->process.pid(); });
    for (WatchedProcess* watched : ended_) end(*watched);
    publish(sink);
    return true;
}

RunGate::Verdict Poller::judge(WatchedProcess& watched) {
    if (!watched.gate.usable()) return RunGate::Verdict::look;
    const auto verdict = watched.gate.judge(watched.process.cpu_time(), now_.steady);
    if (verdict != RunGate::Verdict::skip) return verdict;
    const bool late = now_.steady >= watched.late_question || owes_comparison(watched);
    return late ? RunGate::Verdict::recheck : verdict;
}

void Poller::inspect(WatchedProcess& watched, RunGate::Verdict verdict) {
    const LookOutcome outcome = read_table(watched);
    if (outcome.state == LookOutcome::State::gone) return end(watched);
    settle(watched, outcome);
    if (outcome.state == LookOutcome::State::complete) {
        if (!watched.begun) prepare_first_look(watched);
        bool changed = take_changes(watched);
        ancestry_.reset();
        changed = compare(watched) || changed;
        // A table that changes while its process does not run is shared with somebody else.
        if (changed && watched.begun && verdict == RunGate::Verdict::recheck)
            watched.gate.disable();
        if (options_.socket_details) {
            sockets_.ask_again(watched, now_.steady);
            sockets_.sample(watched, now_.steady);
        }
        if (options_.targets) refresh_targets(watched);
        check_threads(watched);
        if (notes_looked_at_) looked_at_.push_back(watched.process.pid());
        if (watched.begun && !watched.denied) links_.keep_some(watched, look_);
        watched.begun = true;
    }
    watched.gate.looked(now_.steady, open_);
    watched.process.release();
}

LookOutcome Poller::read_table(WatchedProcess& watched) {
    int error = 0;
    LookOutcome outcome{LookOutcome::State::failed, 0, false};
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (watched.denied) watched.process.renew_fd_dir();
        if (watched.process.acquire(root_, &error)) {
            outcome = reader_.read(watched.process.fd_dir(), look_, watched.snapshot, seen_,
                                   links_to_read(watched));
        } else {
            outcome = {is_gone(error) ? LookOutcome::State::gone : LookOutcome::State::failed,
                       error, false};
        }
        if (outcome.state != LookOutcome::State::gone && !is_suspicious(watched, outcome))
            return outcome;
        watched.probed = now_.steady;
        bool moved = false;
        if (watched.process.probe(root_, &moved) == Process::Life::ended)
            return {LookOutcome::State::gone, 0, false};
        if (!moved) break;
        let_go_of_links(watched);
    }
    // The process lives, so that nothing it had open counts as closed.
    if (outcome.state == LookOutcome::State::gone)
        return {LookOutcome::State::failed, ESRCH, false};
    return outcome;
}

/// Links that were held of another table tell nothing of this one.
void Poller::let_go_of_links(WatchedProcess& watched) {
    links_.let_go_all(watched);
    for (FdEntry& entry : seen_.entries()) entry.link = -1;
}

/// Back to back, the listing is what catches the short-lived: the more often, the better. Whether
/// links may be read again, all of them tell.
FdReader::Links Poller::links_to_read(const WatchedProcess& watched) const {
    const bool back_to_back = options_.interval.is_back_to_back() && !watched.denied;
    return back_to_back ? FdReader::Links::some : FdReader::Links::all;
}

/// A table that is empty, or lacks what was open before, may be that of a thread that is ending: it
/// lets go of the table, which lives on with the others.
bool Poller::is_suspicious(const WatchedProcess& watched, const LookOutcome& outcome) const {
    if (outcome.state != LookOutcome::State::complete) return false;
    if (seen_.entries().empty()) {
        // As it was before, and the pidfd tells its end: not at each look.
        const bool known =
            watched.begun && watched.snapshot.entries().empty() && watched.process.pidfd() >= 0;
        return !known || now_.steady - watched.probed >= kProbePause;
    }
    return lacks_some_of(watched.snapshot, seen_) && watched.process.table_is_let_go();
}

/// Says once when something may be missed, and notes when that is over.
void Poller::settle(WatchedProcess& watched, const LookOutcome& outcome) {
    const bool failed = outcome.state == LookOutcome::State::failed;
    if (failed && !watched.look_failed)
        changes_.lost(watched, fmt::format("its descriptors cannot be listed: {}",
                                           std::strerror(outcome.error)));
    watched.look_failed = failed;
    if (failed) return;
    if (outcome.denied) let_go_of_links(watched);
    if (outcome.denied && !watched.denied)
        changes_.lost(watched, "its links may no longer be read: Permission denied");
    // What may be read again may be asked again.
    if (watched.denied && !outcome.denied) watched.socket_way = SocketWay::copies;
    watched.denied = outcome.denied;
}

void Poller::prepare_first_look(const WatchedProcess& watched) {
    if (watched.birth.when == Birth::When::by_us) keep_to_given(watched.birth.given);
    if (watched.birth.when == Birth::When::during) trace_ancestry(watched);
}

/// The launcher's own descriptors are not the command's, which has not begun yet.
void Poller::keep_to_given(const std::vector<GivenFd>& given) {
    std::erase_if(seen_.entries(), [&](const FdEntry& entry) {
        return std::none_of(given.begin(), given.end(), [&](const GivenFd& one) {
            return one.fd == entry.fd && one.name == seen_.name(entry);
        });
    });
}

/// What the descriptor alone does not tell.
void Poller::ask_more(WatchedProcess& watched, std::uint32_t slot) {
    const FdType type = watched.known[slot].descriptor.type;
    if (type == FdType::socket && options_.socket_details) sockets_.ask(watched, slot, now_.steady);
    if (type == FdType::epoll && options_.targets) sockets_.ask_targets(watched, slot, now_.steady);
}

/// An epoll is open before it is told what to watch; no record says so, but its close does.
void Poller::refresh_targets(WatchedProcess& watched) {
    if (now_.steady < watched.next_targets) return;
    watched.next_targets = now_.steady + kTargetsPause;
    for (const FdEntry& entry : watched.snapshot.entries()) {
        Descriptor& descriptor = watched.known[entry.slot].descriptor;
        // Of many, an answer takes the kernel long, and who changes them waits for that.
        if (descriptor.object && descriptor.object->targets_cut) continue;
        if (descriptor.type == FdType::epoll)
            sockets_.ask_targets(watched, entry.slot, now_.steady);
        else if (is_in(descriptor.type, FdGroup::targets))
            describer_.refresh_object(watched.process, descriptor);
    }
}

void Poller::end(WatchedProcess& watched) {
    if (watched.ended) return;
    watched.ended = true;
    some_ended_ = true;
    by_pidfd_.erase(watched.process.pidfd());
    watched.process.refresh_comm(root_);
    links_.let_go_all(watched);
    describer_.forget(watched.process);
    for (const FdEntry& entry : watched.snapshot.entries()) changes_.closed(watched, entry.slot);
    open_ -= watched.snapshot.entries().size();
}

void Poller::check_threads(WatchedProcess& watched) {
    if (watched.threads_told) return;
    if (watched.begun && now_.steady - watched.threads_checked < kThreadCheckPause) return;
    watched.threads_checked = now_.steady;
    if (!watched.process.find_thread_with_own_table()) return;
    watched.threads_told = true;
    notices_.push_back(fmt::format(
        "process {} ({}) has a thread with a descriptor table of its own, which is not looked into",
        watched.process.pid(), watched.process.comm()));
}

void Poller::publish(EventSink& sink) {
    if (const char* notice = sockets_.take_notice()) notices_.emplace_back(notice);
    if (const char* notice = describer_.take_notice()) notices_.emplace_back(notice);
    for (const auto& notice : notices_) sink.notice(notice);
    notices_.clear();
    if (options_.totals && changes_.any_closed()) {
        sockets_.hear_ends();
        changes_.for_each_closed([this](KnownFd& known) { sockets_.finish(known); });
    }
    changes_.publish(now_, sockets_.progress(), sink);
    forget_ended();
}

void Poller::forget_ended() {
    if (!some_ended_) return;
    some_ended_ = false;
    if (keeps_past_)
        for (const auto& watched : processes_)
            if (watched->ended) remember(*watched);
    std::erase_if(processes_, [](const auto& watched) { return watched->ended; });
}

}  // namespace logfia
