// Finds out what a new process has inherited.

#include <logfia/proc/poller.hpp>

#include <algorithm>
#include <utility>

namespace logfia {

/// Up to the first one that was looked at: what that one does not have it cannot have given.
void Poller::trace_ancestry(const WatchedProcess& watched) {
    ancestry_.emplace();
    for (const Ancestor& one : watched.birth.ancestors) {
        const FdSnapshot* seen = last_table(one.pid);
        // The number of one that has ended may be another's.
        const bool ended = seen != nullptr && seen == past_.find(one.pid);
        ancestry_->add(root_, one.pid, one.lives && !ended, seen);
        if (seen != nullptr) return;
    }
}

/// Null: nobody has looked at it.
const FdSnapshot* Poller::last_table(pid_t pid) const {
    // The first one of that number is the newest; it may have ended in this very look.
    const auto at =
        std::lower_bound(processes_.begin(), processes_.end(), pid,
                         [](const auto& held, pid_t p) { return held->process.pid() < p; });
    if (at != processes_.end() && (*at)->process.pid() == pid)
        return (*at)->begun ? &(*at)->snapshot : nullptr;
    return past_.find(pid);
}

/// Keeps the last table of a process that has ended: children of it may still come.
void Poller::remember(WatchedProcess& watched) {
    if (!watched.begun) return;
    if (watched.birth.when == Birth::When::by_us)
        past_.keep_for_good(watched.process.pid(), std::move(watched.snapshot));
    else
        past_.keep(watched.process.pid(), std::move(watched.snapshot));
}

}  // namespace logfia
