#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/interval.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/fd_reader.hpp>
#include <logfia/source/poll/kept_links.hpp>
#include <logfia/source/poll/look.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstddef>

namespace logfia {

/// Reads the descriptor table of a process, from whichever thread still has the table.
class TableReader {
  public:
    /// `root` must outlive it; `interval` lies between two looks; of all processes together at most
    /// `kept_links` links are kept open.
    TableReader(const ProcRoot& root, Interval interval, std::size_t kept_links)
        : root_(root), interval_(interval) {
        links_.allow(kept_links);
    }

    /// Reads the table into seen(). `gone`: the process has ended, not just the thread whose table
    /// was read; if another thread has taken its place, that thread's table is read.
    LookOutcome read(WatchedProcess& watched, const Look& look);
    /// The table that was read last; one snapshot serves all processes.
    [[nodiscard]] FdSnapshot& seen() { return seen_; }

    [[nodiscard]] KeptLinks& links() { return links_; }
    /// Lets go of the links, which are those of another table.
    void let_go_of_links(WatchedProcess& watched);

  private:
    LookOutcome try_once(WatchedProcess& watched, const Look& look);
    [[nodiscard]] FdReader::Links links_to_read(const WatchedProcess& watched) const;
    [[nodiscard]] bool is_suspicious(const WatchedProcess& watched, const LookOutcome& outcome,
                                     SteadyTime now) const;

    const ProcRoot& root_;
    Interval interval_;
    FdReader reader_;
    KeptLinks links_;
    FdSnapshot seen_;
};

}  // namespace logfia
