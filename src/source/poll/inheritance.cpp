#include <logfia/process/process_list.hpp>
#include <logfia/source/poll/inheritance.hpp>

namespace logfia {
namespace {

bool is_alive(const ProcRoot& root, const WatchedProcess& known) {
    return !known.ended && lives(root, known.process.pid(), known.process.start_time());
}

}  // namespace

/// Goes up to the first ancestor that was looked at and lives, which cannot have passed on what it
/// does not have. The table of an ancestor that was ending when it was looked at may be incomplete.
Ancestry trace_ancestry(const ProcRoot& root, const WatchedProcess& watched,
                        const WatchList& processes) {
    Ancestry ancestry;
    for (const Ancestor& one : watched.origin.ancestors) {
        const WatchedProcess* known = processes.newest(one.pid);
        // A living process with the number of an ancestor that has ended is a stranger.
        if (known != nullptr && !one.lives && is_alive(root, *known)) continue;
        if (known != nullptr && known->begun) {
            ancestry.add(root, one.pid, one.lives, &known->snapshot);
            const bool ended = known->ended || known->process.has_ended();
            if (!ended && !known->process.table_is_let_go()) break;
            continue;
        }
        // The number of an ancestor that was forgotten may belong to another process.
        const FdSnapshot* past = known == nullptr ? processes.past_table(one.pid) : nullptr;
        ancestry.add(root, one.pid, one.lives && past == nullptr, past);
    }
    return ancestry;
}

}  // namespace logfia
