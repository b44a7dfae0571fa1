#pragma once

#include <logfia/descriptor/ancestry.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/descriptor/ledger.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/detail_asker.hpp>
#include <logfia/source/poll/kept_links.hpp>
#include <logfia/source/poll/look.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace logfia {

/// Describes what a look has found in a table, and notes it in the ledger as opens, closes and
/// renames.
class TableChanges {
  public:
    struct Parts {
        const ProcRoot& root;
        Describer& describer;
        DetailAsker& details;
        KeptLinks& links;
        Ledger& ledger;
    };
    /// Whether the processes' RLIMIT_NOFILE is read.
    enum class Limits : std::uint8_t { left_out, wanted };
    /// The parts must outlive it.
    TableChanges(Parts parts, Limits limits) : parts_(parts), limits_(limits) {}

    enum class Change : std::uint8_t {
        none,
        names,        ///< files have new names, everything else is as it was
        descriptors,  ///< descriptors were opened or closed
    };
    /// Makes `seen` the process's snapshot. With `ancestry`, descriptors in the first look are
    /// `initial` only if they were inherited; without, all of them are.
    Change note(WatchedProcess& watched, FdSnapshot& seen, const Look& look,
                const Ancestry* ancestry);

    /// For a number that another file seems to have taken, under the same link: notes a close and
    /// an open if a description agrees. If the link has changed just now, the next look will
    /// notice.
    bool replace_if_another(WatchedProcess& watched, FdEntry& entry, const Look& look);

  private:
    /// The table that is being noted.
    struct Table {
        WatchedProcess& watched;
        const FdSnapshot& names;  // owns the entries
        const Look& look;
        const Ancestry* ancestry;
    };
    void describe(const Table& table, std::span<FdEntry* const> found);
    bool note_found(const Table& table, std::span<FdEntry* const> found);
    bool is_noted_as_renamed(const Table& table, FdEntry& entry, Description& description);
    void open(const Table& table, FdEntry& entry, Description& description);
    void close(WatchedProcess& watched, std::uint32_t slot);
    static Describer::Sleep judge_sleep(WatchedProcess& watched, const Look& look);

    Parts parts_;
    Limits limits_;
    std::vector<FdEntry*> found_;            // with a link that was not there before
    std::vector<Description> descriptions_;  // of some of these
};

}  // namespace logfia
