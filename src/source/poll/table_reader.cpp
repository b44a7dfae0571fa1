#include <logfia/source/poll/table_reader.hpp>

#include <cerrno>

namespace logfia {
namespace {

constexpr Duration kProbePause = std::chrono::seconds(1);

/// True when a number that was open before is no longer open.
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

LookOutcome TableReader::read(WatchedProcess& watched, const Look& look) {
    constexpr int kMostAttempts = 3;
    LookOutcome outcome{LookOutcome::State::failed, 0, false};
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
        outcome = try_once(watched, look);
        if (outcome.state != LookOutcome::State::gone &&
            !is_suspicious(watched, outcome, look.now.steady))
            return outcome;
        watched.probed = look.now.steady;
        const Process::Life life = watched.process.probe(root_);
        if (life == Process::Life::ended) return {LookOutcome::State::gone, 0, false};
        if (life == Process::Life::alive) break;
        let_go_of_links(watched);
    }
    // The process lives, so nothing that it had open counts as closed.
    if (outcome.state == LookOutcome::State::gone)
        return {LookOutcome::State::failed, ESRCH, false};
    return outcome;
}

LookOutcome TableReader::try_once(WatchedProcess& watched, const Look& look) {
    if (watched.denied) watched.process.renew_fd_dir();
    const Process::Acquired acquired = watched.process.acquire(root_);
    switch (acquired.state) {
        case Process::Acquired::State::gone:
            return {LookOutcome::State::gone, acquired.error, false};
        case Process::Acquired::State::failed:
            return {LookOutcome::State::failed, acquired.error, false};
        case Process::Acquired::State::ready:
            break;
    }
    return reader_.read(watched.process.fd_dir(), look.number, watched.snapshot, seen_,
                        links_to_read(watched));
}

void TableReader::let_go_of_links(WatchedProcess& watched) {
    links_.let_go_all(watched);
    for (FdEntry& entry : seen_.entries()) entry.link = -1;
}

/// With -d 0, list often and reread only 1/16 of the old links: the more often a table is listed,
/// the more short-lived descriptors are seen. If links have been denied, reread all: the first link
/// that may be read again shows that the process is readable.
FdReader::Links TableReader::links_to_read(const WatchedProcess& watched) const {
    const bool back_to_back = interval_.is_back_to_back() && !watched.denied;
    return back_to_back ? FdReader::Links::some : FdReader::Links::all;
}

/// A table that is empty, or lacks numbers that were open before, may be that of a thread that is
/// ending: the thread lets go of the table, which lives on with the other threads.
bool TableReader::is_suspicious(const WatchedProcess& watched, const LookOutcome& outcome,
                                SteadyTime now) const {
    if (outcome.state != LookOutcome::State::complete) return false;
    if (seen_.entries().empty()) {
        // As it was before, and the pidfd tells its end: not at each look.
        const bool known =
            watched.begun && watched.snapshot.entries().empty() && watched.process.pidfd() >= 0;
        return !known || now - watched.probed >= kProbePause;
    }
    return lacks_some_of(watched.snapshot, seen_) && watched.process.table_is_let_go();
}

}  // namespace logfia
