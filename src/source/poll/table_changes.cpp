#include <logfia/procfs/fd_limit.hpp>
#include <logfia/source/poll/fd_diff.hpp>
#include <logfia/source/poll/table_changes.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace logfia {
namespace {

constexpr std::size_t kAtOnce = 128;  // so that ten thousand new ones need no memory that stays

}  // namespace

TableChanges::Change TableChanges::note(WatchedProcess& watched, FdSnapshot& seen, const Look& look,
                                        const Ancestry* ancestry) {
    found_.clear();
    bool table_changed = false;
    diff(
        watched.snapshot, seen,
        [&](const FdEntry& before) {
            table_changed = true;
            close(watched, before.slot);
        },
        [&](const FdEntry& before, FdEntry& after) {
            after.slot = before.slot;
            found_.push_back(&after);
        },
        [&](FdEntry& after) {
            after.slot = FdEntry::kNoSlot;
            found_.push_back(&after);
        });
    if (!table_changed && found_.empty()) return Change::none;
    const Table table{watched, seen, look, ancestry};
    if (!watched.begun) watched.known.reserve(found_.size());
    for (std::span<FdEntry* const> rest = found_; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kAtOnce));
        table_changed = note_found(table, some) || table_changed;
        rest = rest.subspan(some.size());
    }
    watched.snapshot.assign(seen);
    if (table_changed && limits_ == Limits::wanted)
        watched.fd_limit = read_fd_limit(watched.process.dir());
    if (watched.begun) watched.refresh_comm(parts_.root);
    return table_changed ? Change::descriptors : Change::names;
}

/// A table that changes twice while its process sleeps is changed by another one, which may do so
/// at any time.
Describer::Sleep TableChanges::judge_sleep(WatchedProcess& watched, const Look& look) {
    WatchedProcess::Rest& rest = watched.rest;
    if (watched.sharing == TableSharing::unseen && rest.look != look.number) {
        if (!watched.may_have_run_since(rest.cpu)) watched.sharing = TableSharing::suspected;
        rest.cpu = watched.clock.cpu;
        rest.look = look.number;
    }
    return watched.sharing == TableSharing::unseen ? Describer::Sleep::speaks_for_it
                                                   : Describer::Sleep::says_nothing;
}

/// Describes all of them together, since each question to a file's own filesystem goes to another
/// thread.
void TableChanges::describe(const Table& table, std::span<FdEntry* const> found) {
    descriptions_.clear();
    for (const FdEntry* entry : found) {
        Description& description = descriptions_.emplace_back();
        description.fd = entry->fd;
        description.name = table.names.name(*entry);
    }
    parts_.describer.describe(table.watched.process, descriptions_,
                              judge_sleep(table.watched, table.look));
}

/// True when descriptors were opened or closed.
bool TableChanges::note_found(const Table& table, std::span<FdEntry* const> found) {
    describe(table, found);
    bool table_changed = false;
    for (std::size_t i = 0; i < found.size(); ++i) {
        FdEntry& entry = *found[i];
        const bool was_open = entry.slot != FdEntry::kNoSlot;
        if (was_open && is_noted_as_renamed(table, entry, descriptions_[i])) continue;
        table_changed = true;
        if (was_open) close(table.watched, entry.slot);
        open(table, entry, descriptions_[i]);
    }
    return table_changed;
}

/// The text of the link has changed: has the file got a new name, or is it another file?
bool TableChanges::is_noted_as_renamed(const Table& table, FdEntry& entry,
                                       Description& description) {
    const KnownFd& known = table.watched.known[entry.slot];
    const bool named_now = known.descriptor.name == kUnreadableLink;
    if (!named_now && !is_renamed({known.descriptor.name, known.identity},
                                  {description.descriptor.name, description.identity}))
        return false;
    entry.changed = table.look.number;
    parts_.ledger.renamed(table.watched, entry.slot, std::move(description.descriptor),
                          description.identity);
    if (named_now) parts_.details.ask(table.watched, entry.slot, table.look.now.steady);
    return true;
}

void TableChanges::close(WatchedProcess& watched, std::uint32_t slot) {
    DetailAsker::forget(watched, slot);
    parts_.links.let_go(watched, slot);
    parts_.ledger.closed(watched, slot, Ledger::Closing::by_call);
}

void TableChanges::open(const Table& table, FdEntry& entry, Description& description) {
    WatchedProcess& watched = table.watched;
    const bool inherited =
        !watched.begun && table.ancestry != nullptr &&
        table.ancestry->is_inherited(watched.process.pid(), entry.fd, description.name);
    const bool initial = inherited || (!watched.begun && table.ancestry == nullptr);
    entry.slot = parts_.ledger.opened(
        watched, {std::move(description.descriptor), description.identity, table.look.now, initial,
                  inherited, watched.program.excluded});
    parts_.links.make_room(watched, entry.slot);
    entry.link = -1;
    entry.changed = watched.begun ? table.look.number : 0;
    parts_.details.ask(watched, entry.slot, table.look.now.steady);
}

bool TableChanges::replace_if_another(WatchedProcess& watched, FdEntry& entry, const Look& look) {
    FdEntry* const found[] = {&entry};
    const Table table{watched, watched.snapshot, look, nullptr};
    describe(table, found);
    Description& description = descriptions_.front();
    if (!contradict(watched.known[entry.slot].identity, description.identity)) return false;
    close(watched, entry.slot);
    open(table, entry, description);
    return true;
}

}  // namespace logfia
