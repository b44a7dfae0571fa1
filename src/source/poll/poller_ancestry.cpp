// Finds out what a new process has inherited.

#include <logfia/process/process_list.hpp>
#include <logfia/source/poll/poller.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

bool is_alive(const ProcRoot& root, const WatchedProcess& known) {
    return !known.ended && lives(root, known.process.pid(), known.process.start_time());
}

}  // namespace

/// Goes up to the first one that was looked at and lives: what that one does not have it cannot
/// have given. The table of one that was ending when it was looked at may have been cut.
void Poller::trace_ancestry(const WatchedProcess& watched) {
    ancestry_.emplace();
    for (const Ancestor& one : watched.birth.ancestors) {
        const WatchedProcess* known = newest(one.pid);
        // A living process with the number of an ancestor that has ended is a stranger.
        if (known != nullptr && !one.lives && is_alive(root_, *known)) continue;
        if (known != nullptr && known->begun) {
            ancestry_->add(root_, one.pid, one.lives, &known->snapshot);
            const bool ended = known->ended || known->process.has_ended();
            if (!ended && !known->process.table_is_let_go()) return;
            continue;
        }
        // The number of an ancestor that was forgotten may be another's.
        const FdSnapshot* past = known == nullptr ? past_.find(one.pid) : nullptr;
        ancestry_->add(root_, one.pid, one.lives && past == nullptr, past);
    }
}

/// The newest process of that number, which may have ended in this very look; null: there is none.
const WatchedProcess* Poller::newest(pid_t pid) const {
    const auto at =
        std::lower_bound(processes_.begin(), processes_.end(), pid,
                         [](const auto& held, pid_t p) { return held->process.pid() < p; });
    return at != processes_.end() && (*at)->process.pid() == pid ? at->get() : nullptr;
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
