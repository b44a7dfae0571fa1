// Finds the descriptors that calls have made, and those that came in other ways.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
namespace {

/// A close_range(2) is over in less.
constexpr Duration kLongestClose = std::chrono::milliseconds(100);

/// False when the call cannot have made a descriptor with that link.
bool can_make(Call call, std::string_view link) {
    const bool is_socket = link.starts_with("socket:[");
    if (link.empty()) return true;  // nobody may read it
    switch (call) {
        case Call::accept:
        case Call::accept4:
        case Call::socket:
        case Call::socketpair:
            return is_socket;
        case Call::pipe:
        case Call::pipe2:
            return link.starts_with("pipe:[");
        case Call::bpf:
        case Call::epoll_create:
        case Call::epoll_create1:
        case Call::eventfd:
        case Call::eventfd2:
        case Call::fanotify_init:
        case Call::inotify_init:
        case Call::inotify_init1:
        case Call::io_uring_setup:
        case Call::perf_event_open:
        case Call::signalfd:
        case Call::signalfd4:
        case Call::timerfd_create:
        case Call::userfaultfd:
            return link.starts_with("anon_inode:");
        case Call::creat:
        case Call::open:
        case Call::openat:
        case Call::openat2:
            return !is_socket && !link.starts_with("anon_inode:");
        default:
            return true;
    }
}

Now later(Now a, Now b) {
    return a.steady < b.steady ? b : a;
}

}  // namespace

/// Looks where the call must have put its descriptors. Where others have the table too, lower
/// numbers may be reserved by their calls, and what is found may be theirs: then the call's
/// arguments say nothing of it. So many of those numbers are passed over.
void Model::find_numbers(Task& task, Pending& pending, std::size_t reserved) {
    TracedTable& table = *task.table;
    if (table.view == nullptr) return;
    if (pending.exactly >= 0 && table.numbers.find(pending.exactly) != nullptr) {
        pending.numbers = 0;  // somebody else has needed to know it
        return;
    }
    Now since = pending.known_after();
    int fd = pending.exactly >= 0 ? pending.exactly : table.numbers.lowest_free(pending.from);
    while (pending.numbers > 0) {
        if (pending.exactly < 0 && target_of(table, fd) != nullptr) {
            fd = table.numbers.lowest_free(fd + 1);
            continue;
        }
        const Link link = table.view->link(fd);
        const bool unreadable = link.state == Link::State::unreadable && is_open_unread(table, fd);
        const bool is_there = unreadable || (link.state == Link::State::open &&
                                             !is_closing(table, fd, digest_of_link(link.text)));
        if (is_there && !can_make(pending.entry.call, link.text)) {
            // Others' calls have their own turn; what no call is known for is told now.
            if (reserved == 0)
                open(table, {fd, link.text, since, ModelObserver::Origin::found, nullptr, 0});
            else
                --reserved;
        } else if (is_there) {
            const bool is_its_own = table.threads.size() == 1 || pending.exactly >= 0;
            open(table, {fd, link.text, since, ModelObserver::Origin::call,
                         is_its_own ? &pending.entry : nullptr, is_its_own ? pending.copy_of : 0,
                         is_its_own ? pending.first : 0});
            pending.first = is_its_own ? table.numbers.find(fd)->id : 0;
            --pending.numbers;
            pending.from = fd + 1;
        } else if (reserved-- == 0) {
            return;
        } else {
            // Another thread's call may have made what comes next, but none made it before the
            // last look of any of them.
            since = last_look(table, since);
        }
        if (pending.exactly >= 0) return;
        // A number that was free at this look may be the one that the call gets by the next.
        fd = table.numbers.lowest_free(fd + 1);
    }
}

/// Where the link of a number that is not known may not be read: the kernel's count tells whether
/// something is open there, or else a listing does.
bool Model::is_open_unread(const TracedTable& table, int fd) {
    if (const auto count = table.view->count()) return *count > table.numbers.size();
    const auto listed = table.view->list();
    return listed && std::binary_search(listed->begin(), listed->end(), fd) &&
           !is_closing(table, fd, digest_of_link({}));
}

/// When all the calls that are going on in the table were last seen not to be over.
Now Model::last_look(const TracedTable& table, Now since) const {
    for (const pid_t thread : table.threads) {
        const auto& pending = tasks_.at(thread).pending;
        if (pending && pending->numbers > 0) since = later(since, pending->known_after());
    }
    return since;
}

/// True while a call in the table may give it a descriptor.
bool Model::is_being_made(const TracedTable& table) const {
    return std::any_of(table.threads.begin(), table.threads.end(), [&](pid_t thread) {
        const auto& pending = tasks_.at(thread).pending;
        return pending && pending->numbers > 0;
    });
}

/// How many numbers may be open, or reserved, without our knowledge.
std::size_t Model::in_flight(const TracedTable& table) const {
    std::size_t numbers = table.closing.size();
    for (const pid_t thread : table.threads) {
        if (table.threads.size() == 1) break;
        const auto& pending = tasks_.at(thread).pending;
        if (pending) numbers += static_cast<std::size_t>(pending->numbers);
    }
    return numbers;
}

/// The dup2(2) under way that puts its copy there; null: there is none. Nobody else can get a
/// number that is replaced.
const Model::Pending* Model::target_of(const TracedTable& table, int fd) const {
    for (const pid_t thread : table.threads)
        if (const auto& pending = tasks_.at(thread).pending; pending && pending->exactly == fd)
            return &*pending;
    return nullptr;
}

bool Model::is_closing(const TracedTable& table, int fd, std::uint64_t link) {
    return std::any_of(table.closing.begin(), table.closing.end(), [&](const auto& one) {
        return one.fd == fd && (one.link == link || one.link == 0);
    });
}

/// Descriptors also come and go in ways that do not stop for us: in a message (unix(7)), by an
/// ioctl(2), with a clone(2).
void Model::check_count(TracedTable& table, Now at) {
    if (table.view == nullptr) return;
    const auto count = table.view->count();
    const std::size_t known = table.numbers.size();
    if (count && *count > known) forget_past_closes(table);
    const bool has_more = count ? *count > known + in_flight(table)
                                : std::exchange(table.unlisted, false) || !table.owed.empty();
    if (has_more || (count && *count < known)) {
        look_at_others(*table.process, table, at);
        const Now opened = table.owed.empty() ? at : table.owed.front().since;
        list_again(table, opened, at);
    }
    table.complete = count && *count == table.numbers.size();
    if (in_flight(table) == 0) table.owed.clear();
}

/// A close_range(2) also closes what others have opened since it was let go on.
void Model::check_range(TracedTable& table, const ClosedRange& range, Now at) {
    table.unlisted = true;
    if (table.view == nullptr || table.renamed || names_may_change()) return;
    struct Changed {
        int fd;
        std::string link;  // of what is there now
    };
    std::vector<Changed> changed;
    table.numbers.for_each(range.first, range.last, [&](int fd, const NumberEntry& entry) {
        if (entry.since.steady < range.since.steady || entry.link == 0) return;
        if (entry.since.steady > range.since.steady + kLongestClose) return;
        const Link link = table.view->link(fd);
        if (link.state == Link::State::unreadable) return;
        if (link.state == Link::State::absent || digest_of_link(link.text) != entry.link)
            changed.push_back({fd, std::string(link.text)});
    });
    if (changed.empty() || !was_true(table)) return;
    for (const auto& [fd, link] : changed) {
        close(table, fd, at, false);
        if (!link.empty()) open(table, {fd, link, at, ModelObserver::Origin::found, nullptr, 0});
    }
}

/// A close has happened once something else, or nothing, is at its number.
void Model::forget_past_closes(TracedTable& table) {
    std::erase_if(table.closing, [&](const TracedTable::Closing& one) {
        const Link link = table.view->link(one.fd);
        if (link.state == Link::State::absent) return true;
        return one.link != 0 && one.link != digest_of_link(link.text);
    });
}

void Model::list_again(TracedTable& table, Now opened_at, Now closed_at) {
    if (table.view == nullptr) return;
    const auto listed = table.view->list();
    if (!listed) return;
    if (!was_true(table)) return;
    std::vector<int> gone;
    table.numbers.for_each(0, std::numeric_limits<int>::max(), [&](int fd, NumberEntry&) {
        if (!std::binary_search(listed->begin(), listed->end(), fd)) gone.push_back(fd);
    });
    for (const int fd : gone) close(table, fd, closed_at, false);
    for (const int fd : *listed) {
        if (table.numbers.find(fd) != nullptr || target_of(table, fd) != nullptr) continue;
        const Link link = table.view->link(fd);
        if (link.state == Link::State::absent) continue;
        if (is_closing(table, fd, digest_of_link(link.text))) continue;
        const bool found = table.owed.empty();
        open(table,
             {fd, link.text, opened_at,
              found ? ModelObserver::Origin::found : ModelObserver::Origin::call, nullptr, 0});
        if (!found && --table.owed.front().numbers == 0) table.owed.erase(table.owed.begin());
    }
}

/// The table of a process that ends is empty, though nothing was closed by a call. The memory of
/// such a process is gone before its descriptors are (do_exit(), kernel/exit.c). While another
/// thread of it executes a program, the number of the first one may have passed to that one.
bool Model::was_true(const TracedProcess& process) {
    if (standing_ && !kernel_.caller_stands()) return false;
    if (process.exec) return kernel_.image_of(process.pid) == process.exec->image;
    return &process == caller_ || kernel_.image_of(process.pid).has_value();
}

/// Also of a table that processes have in common: the one that it is looked at through counts.
bool Model::was_true(const TracedTable& table) {
    const auto seen = tasks_.find(table.view_of);
    return was_true(seen == tasks_.end() ? *table.process : *seen->second.process);
}

/// Finds what is open at a number, though nobody has told yet; null: nothing is.
NumberEntry* Model::know(TracedTable& table, int fd, Now at) {
    if (NumberEntry* known = table.numbers.find(fd)) {
        // Others might take what is still open for another file.
        if (known->link == 0 && table.threads.size() > 1 && table.view != nullptr)
            known->link = digest_of_link(table.view->link(fd).text);
        return known;
    }
    if (table.view == nullptr || fd < 0) return nullptr;
    if (table.complete && table.threads.size() == 1) return nullptr;
    const Link link = table.view->link(fd);
    if (link.state != Link::State::open) return nullptr;
    // Where nobody can have opened it since, the old file is still there, under way to its close.
    if (table.owed.empty() && !is_being_made(table) && !entered_.is_doubtful &&
        is_closing(table, fd, digest_of_link(link.text)))
        return nullptr;
    if (const Pending* copy = target_of(table, fd)) {
        open(table, {fd, link.text, copy->known_after(), ModelObserver::Origin::call, &copy->entry,
                     copy->copy_of});
        return table.numbers.find(fd);
    }
    Now since = at;
    auto origin = ModelObserver::Origin::call;
    if (!table.owed.empty()) {
        since = table.owed.front().since;
    } else {
        origin = ModelObserver::Origin::found;
        for (const pid_t thread : table.threads) {
            const auto& pending = tasks_.at(thread).pending;
            if (!pending || pending->numbers == 0) continue;
            if (pending->known_after().steady >= since.steady) continue;
            since = pending->known_after();
            origin = ModelObserver::Origin::call;
        }
    }
    open(table, {fd, link.text, since, origin, nullptr, 0});
    return table.numbers.find(fd);
}

void Model::open(TracedTable& table, const ModelObserver::Opening& opening) {
    NumberEntry entry;
    entry.link = digest_of_link(opening.link);
    ModelObserver::Opening told = opening;
    told.at = later(opening.at, table.numbers.closed_last(opening.fd));
    entry.since = told.at;
    if (opening.link.empty() && !std::exchange(table.process->is_unreadable, true))
        observer_.lost(table.process, told.at, "some of its links cannot be read");
    observer_.opened(table, entry, told);
    table.numbers.open(opening.fd, entry);
}

void Model::close(TracedTable& table, int fd, Now at, bool at_exit) {
    const NumberEntry* entry = table.numbers.find(fd);
    if (entry == nullptr) return;
    const Now when = later(at, entry->since);
    if (entry->id != 0) observer_.closed(table, fd, *entry, when, at_exit);
    table.numbers.close(fd, when);
}

}  // namespace logfia
