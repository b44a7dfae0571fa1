// What a look at one process's table has found becomes opens, closes and renames.

#include <logfia/procfs/fd_limit.hpp>
#include <logfia/source/poll/fd_diff.hpp>
#include <logfia/source/poll/poller.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace logfia {
namespace {

constexpr std::size_t kAtOnce = 256;  // so that ten thousand new ones need no memory that stays

}  // namespace

/// True when descriptors came or went (a file that was renamed does not count).
bool Poller::take_changes(WatchedProcess& watched) {
    found_.clear();
    bool table_changed = false;
    diff(
        watched.snapshot, seen_,
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
    if (!table_changed && found_.empty()) return false;
    for (std::span<FdEntry* const> rest = found_; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kAtOnce));
        table_changed = take_found(watched, some) || table_changed;
        rest = rest.subspan(some.size());
    }
    watched.snapshot.assign(seen_);
    list_comparable(watched);
    if (table_changed && options_.limits) watched.fd_limit = read_fd_limit(watched.process.dir());
    if (watched.begun) watched.refresh_comm(root_);
    return table_changed;
}

/// A table that changes twice while its process sleeps is changed by another one, which may do so
/// at any time.
Describer::Sleep Poller::judge_sleep(WatchedProcess& watched) const {
    WatchedProcess::Rest& rest = watched.rest;
    if (!rest.shared && rest.look != look_) {
        const auto cpu = watched.process.resting_since();
        rest.shared = cpu && cpu == rest.cpu;
        rest.cpu = cpu;
        rest.look = look_;
    }
    return rest.shared ? Describer::Sleep::says_nothing : Describer::Sleep::speaks_for_it;
}

/// Describes them together, since each question to a file's own filesystem goes to another thread.
/// True when descriptors came or went.
bool Poller::take_found(WatchedProcess& watched, std::span<FdEntry* const> found) {
    descriptions_.clear();
    for (const FdEntry* entry : found) {
        Description& description = descriptions_.emplace_back();
        description.fd = entry->fd;
        description.name = seen_.name(*entry);
    }
    describer_.describe(watched.process, descriptions_, judge_sleep(watched));
    bool table_changed = false;
    for (std::size_t i = 0; i < found.size(); ++i) {
        FdEntry& entry = *found[i];
        const bool was_open = entry.slot != FdEntry::kNoSlot;
        if (was_open && take_renaming(watched, entry, descriptions_[i])) continue;
        table_changed = true;
        if (was_open) close(watched, entry.slot);
        open(watched, entry, descriptions_[i]);
    }
    return table_changed;
}

void Poller::close(WatchedProcess& watched, std::uint32_t slot) {
    SocketAsker::forget(watched, slot);
    links_.let_go(watched, slot);
    ledger_.closed(watched, slot, Ledger::Closing::by_call);
}

void Poller::open(WatchedProcess& watched, FdEntry& entry, Description& description) {
    const bool initial =
        !watched.begun &&
        (!ancestry_ || ancestry_->gave(watched.process.pid(), entry.fd, description.name));
    entry.slot = ledger_.opened(
        watched, {std::move(description.descriptor), description.identity, now_, initial});
    entry.link = -1;
    entry.changed = watched.begun ? look_ : 0;
    ask_more(watched, entry.slot);
}

/// The link is another text: has the file got another name, or is it another file?
bool Poller::take_renaming(WatchedProcess& watched, FdEntry& entry, Description& description) {
    const KnownFd& known = watched.known[entry.slot];
    const bool named_now = known.descriptor.name == kUnreadableLink;
    if (!named_now && !is_renamed({known.descriptor.name, known.identity},
                                  {description.descriptor.name, description.identity}))
        return false;
    entry.changed = look_;
    ledger_.renamed(watched, entry.slot, std::move(description.descriptor), description.identity);
    if (named_now) ask_more(watched, entry.slot);
    return true;
}

}  // namespace logfia
