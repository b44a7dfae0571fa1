#include <logfia/process/process_list.hpp>
#include <logfia/source/poll/watch_list.hpp>

#include <algorithm>
#include <utility>

namespace logfia {

void WatchList::add(Process process, Origin origin) {
    ++seen_;
    auto watched = std::make_unique<WatchedProcess>(numbers_.next_process(), std::move(process),
                                                    std::move(origin));
    pidfds_.add(*watched);
    processes_.insert(at_or_after(watched->process.pid()), std::move(watched));
}

WatchList::List::const_iterator WatchList::at_or_after(pid_t pid) const {
    return std::lower_bound(processes_.begin(), processes_.end(), pid,
                            [](const auto& held, pid_t p) { return held->process.pid() < p; });
}

WatchedProcess* WatchList::find(pid_t pid) const {
    // A process that has ended may be listed beside the one that has its PID now.
    for (auto at = at_or_after(pid); at != processes_.end() && (*at)->process.pid() == pid; ++at)
        if (!(*at)->ended && !(*at)->process.has_ended()) return at->get();
    return nullptr;
}

const WatchedProcess* WatchList::newest(pid_t pid) const {
    const auto at = at_or_after(pid);
    return at != processes_.end() && (*at)->process.pid() == pid ? at->get() : nullptr;
}

bool WatchList::watches(pid_t pid, std::uint64_t start_time) const {
    const WatchedProcess* found = find(pid);
    return found != nullptr && (start_time == 0 || found->process.start_time() == start_time);
}

std::vector<pid_t> WatchList::pids() const {
    std::vector<pid_t> list;
    for (const auto& watched : processes_)
        if (!watched->ended) list.push_back(watched->process.pid());
    return list;
}

bool WatchList::note_exec(pid_t pid) {
    WatchedProcess* watched = unreported(pid);
    if (watched == nullptr) return false;
    watched->refresh_comm(root_);
    execs_.push_back(watched);
    return !watched->process.has_ended();
}

/// The process that news of that number are about, which may have ended since.
WatchedProcess* WatchList::unreported(pid_t pid) const {
    const auto at = at_or_after(pid);
    const bool is_known = at != processes_.end() && (*at)->process.pid() == pid && !(*at)->ended;
    return is_known ? at->get() : nullptr;
}

std::vector<WatchedProcess*> WatchList::collect_execs() {
    return std::exchange(execs_, {});
}

void WatchList::note_exit(pid_t pid, int code) {
    WatchedProcess* watched = unreported(pid);
    if (watched == nullptr) return;
    const Process& process = watched->process;
    // The first thread alone may have ended, with a code of its own.
    if (process.has_ended() || !lives(root_, pid, process.start_time())) watched->heard_exit = code;
}

void WatchList::note_comm(pid_t pid, std::string_view comm) {
    if (WatchedProcess* watched = find(pid)) watched->set_comm(root_, comm);
}

void WatchList::collect_looked_at(std::vector<pid_t>& out) {
    out.clear();
    for (const auto& watched : processes_)
        if (std::exchange(watched->looked_at, false)) out.push_back(watched->process.pid());
}

void WatchList::end(WatchedProcess& watched) {
    watched.ended = true;
    some_ended_ = true;
    pidfds_.remove(watched);
}

void WatchList::forget_ended() {
    if (!std::exchange(some_ended_, false)) return;
    for (const auto& watched : processes_)
        if (watched->ended) remember_table(*watched);
    std::erase_if(processes_, [](const auto& watched) { return watched->ended; });
}

/// Keeps the last table of a process that has ended: its children may still appear.
void WatchList::remember_table(WatchedProcess& watched) {
    if (!watched.begun) return;
    if (watched.origin.start == Origin::Start::launched)
        past_.keep_for_good(watched.process.pid(), std::move(watched.snapshot));
    else
        past_.keep(watched.process.pid(), std::move(watched.snapshot));
}

}  // namespace logfia
