// Finds out what a thread's earlier call has done.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kShortestPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(20);
/// A call that cannot wait for anybody is over after so many looks, or has failed.
constexpr int kEnoughLooks = 8;
/// So many sockets are asked where one is meant and nobody knows which.
constexpr int kMostSockets = 64;
/// From this look on, the kernel is asked whether the caller is still in its call.
constexpr int kFirstDoubt = 3;

bool may_wait(Call call) {
    switch (call) {
        case Call::accept:
        case Call::accept4:
        case Call::connect:
        case Call::mq_open:
        case Call::open:
        case Call::open_by_handle_at:
        case Call::openat:
        case Call::openat2:
            return true;
        default:
            return false;
    }
}

/// The longer a call has lasted, the rarer it is looked after: 6 % of that time at most.
Duration next_pause(Duration lasted) {
    return std::clamp(lasted / 16, kShortestPause, kLongestPause);
}

/// False when the call cannot have made a descriptor with that link.
bool can_make(Call call, std::string_view link) {
    const bool is_socket = link.starts_with("socket:[");
    switch (call) {
        case Call::accept:
        case Call::accept4:
        case Call::socket:
        case Call::socketpair:
            return is_socket;
        case Call::pipe:
        case Call::pipe2:
            return link.starts_with("pipe:[");
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

void Model::settle(Task& task, Now at) {
    if (task.process->exec && settle_exec(task)) return;
    if (task.table == nullptr) return;
    if (std::exchange(task.may_have_split, false)) split(task, at);
    TracedTable& table = *task.table;
    std::erase_if(table.closing, [&](const auto& one) { return one.by == task.id; });
    settle_pending(task);
    check_count(table, at);
}

/// True when the thread is the first to be heard of after the exec of its process.
bool Model::settle_exec(Task& task) {
    TracedProcess& process = *task.process;
    if (kernel_.image_of(process.pid) != process.exec->image) {
        finish_exec(task);
        return true;
    }
    // A caller that calls again was refused; other threads may call while it is in its exec.
    if (task.id == process.exec->by) {
        process.exec.reset();
        std::erase(execs_, process.pid);
    }
    return false;
}

/// The exec has closed what was to be closed, ended all other threads, and given the process a
/// table of its own (begin_new_exec(), fs/exec.c).
void Model::finish_exec(Task& task) {
    TracedProcess& process = *task.process;
    const Now since = process.exec->since;
    const pid_t by = process.exec->by;
    process.exec.reset();
    std::erase(execs_, process.pid);
    drop_pending(task);
    if (by != task.id) take_over(task, by, since);
    forget_others(process, task.id, since);
    if (process.state == TracedProcess::State::launching) return begin_command(task, since);
    if (task.table == nullptr) return;
    observer_.process_executed(process, since);
    task.may_have_split = false;
    split(task, since);
    TracedTable& table = *task.table;
    table.view = kernel_.open_table(task.id);
    table.view_of = task.id;
    table.closing.clear();
    table.owed.clear();
    list_again(table, since, since);
}

void Model::begin_command(Task& task, Now at) {
    TracedProcess& process = *task.process;
    process.state = TracedProcess::State::told;
    observer_.process_executed(process, at);
    task.table = &add_table(task.id, process);
    task.table->threads.push_back(task.id);
    list_new(*task.table, at, ModelObserver::Origin::initial);
}

/// A thread that calls exec gets the number of the first one (de_thread(), fs/exec.c), and keeps
/// its table.
void Model::take_over(Task& task, pid_t from, Now at) {
    const auto before = tasks_.find(from);
    if (before == tasks_.end() || before->second.table == nullptr) return;
    TracedTable* table = before->second.table;
    if (task.table == table) return;
    if (task.table != nullptr) leave_table(task, at);
    table->threads.push_back(task.id);
    task.table = table;
}

void Model::settle_pending(Task& task) {
    if (!task.pending) return;
    Pending pending = *task.pending;
    drop_pending(task);
    TracedTable& table = *task.table;
    if (changes_names(pending.entry.call)) return suspect_names();
    if (is_maker_in_disguise(pending.entry.call)) {
        table.unlisted = true;
        return;
    }
    if (pending.numbers == 0) {
        ask_socket(table, pending);
        return;
    }
    find_numbers(task, pending, in_flight(table));
    if (pending.numbers > 0 && table.threads.size() > 1)
        table.owed.push_back({pending.known_after(), pending.numbers});
}

/// True when the socket is not on its way to a peer any more. Where the call's arguments are in
/// memory, nobody knows which socket is meant.
bool Model::ask_socket(TracedTable& table, const Pending& pending) {
    bool is_over = true;
    int left = kMostSockets;
    const auto ask = [&](int fd, NumberEntry& entry) {
        if (entry.id == 0 || left-- <= 0) return;
        is_over = observer_.socket_changed(table, fd, entry, pending.known_after()) && is_over;
    };
    if (pending.socket >= 0) {
        if (NumberEntry* entry = table.numbers.find(pending.socket)) ask(pending.socket, *entry);
        return is_over;
    }
    table.numbers.for_each(0, std::numeric_limits<int>::max(), [&](int fd, NumberEntry& entry) {
        if (!entry.settled) ask(fd, entry);
    });
    return is_over;
}

/// Looks where the call must have put its descriptors. Where others have the table too, lower
/// numbers may be reserved by their calls, and what is found may be theirs: then the call's
/// arguments say nothing of it. So many of those numbers are passed over.
void Model::find_numbers(Task& task, Pending& pending, std::size_t reserved) {
    TracedTable& table = *task.table;
    if (table.view == nullptr) return;
    Now since = pending.known_after();
    int fd = pending.exactly >= 0 ? pending.exactly : table.numbers.lowest_free(pending.from);
    while (pending.numbers > 0) {
        const Link link = table.view->link(fd);
        const bool unreadable = link.state == Link::State::unreadable &&
                                table.view->count().value_or(0) > table.numbers.size();
        const bool is_there =
            unreadable ||
            (link.state == Link::State::open && !is_closing(table, fd, digest_of_link(link.text)) &&
             (reserved == 0 || can_make(pending.entry.call, link.text)));
        if (is_there) {
            const bool is_its_own = table.threads.size() == 1 || pending.exactly >= 0;
            open(table, {fd, link.text, since, ModelObserver::Origin::call,
                         is_its_own ? &pending.entry : nullptr, is_its_own ? pending.copy_of : 0});
            --pending.numbers;
        } else if (reserved-- == 0) {
            return;
        } else {
            // Another thread's call may have made what comes next, but none made it before the
            // last look of any of them.
            since = last_look(table, since);
        }
        if (pending.exactly >= 0) return;
        pending.from = fd + 1;
        fd = table.numbers.lowest_free(pending.from);
    }
}

/// When all the calls that are going on in the table were last seen not to be over.
Now Model::last_look(const TracedTable& table, Now since) const {
    for (const pid_t thread : table.threads) {
        const auto& pending = tasks_.at(thread).pending;
        if (pending && pending->numbers > 0) since = later(since, pending->known_after());
    }
    return since;
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

bool Model::is_closing(const TracedTable& table, int fd, std::uint64_t link) const {
    return std::any_of(table.closing.begin(), table.closing.end(),
                       [&](const auto& one) { return one.fd == fd && one.link == link; });
}

/// Descriptors also come and go in ways that do not stop for us: in a message (unix(7)), by an
/// ioctl(2), with a clone(2).
void Model::check_count(TracedTable& table, Now at) {
    if (table.view == nullptr) return;
    const auto count = table.view->count();
    const std::size_t known = table.numbers.size();
    const bool has_more = count ? *count > known + in_flight(table)
                                : std::exchange(table.unlisted, false) || !table.owed.empty();
    if (has_more || (count && *count < known)) {
        const Now opened = table.owed.empty() ? at : table.owed.front().since;
        list_again(table, opened, at);
    }
    table.complete = count && *count == table.numbers.size();
    if (in_flight(table) == 0) table.owed.clear();
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
        if (table.numbers.find(fd) != nullptr) continue;
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
/// such a process is gone before its descriptors are (do_exit(), kernel/exit.c).
bool Model::was_true(const TracedTable& table) {
    return standing_ ? kernel_.caller_stands() : kernel_.image_of(table.process->pid).has_value();
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
    if (table.owed.empty() && is_closing(table, fd, digest_of_link(link.text))) return nullptr;
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

void Model::look(Now now) {
    const auto is_due = [&](const Pending& pending) {
        return pending.watched && pending.next <= now.steady;
    };
    const auto pending = pending_;
    for (const pid_t thread : pending) {
        Task& task = tasks_.at(thread);
        if (is_due(*task.pending)) look_at(task, now);
    }
    const auto execs = execs_;
    for (const pid_t pid : execs) {
        TracedProcess& process = *processes_.at(pid);
        if (process.exec->next <= now.steady) look_at_exec(process, now);
    }
    look_at_names(now);
}

/// What others of its table have opened by now is not what the thread is about to open.
void Model::look_at_others(const Task& task) {
    if (task.table->threads.size() == 1) return;
    const auto pending = pending_;
    for (const pid_t thread : pending) {
        Task& other = tasks_.at(thread);
        if (other.table != task.table || other.pending->numbers == 0) continue;
        find_numbers(other, *other.pending, 0);
        if (other.pending->numbers == 0) drop_pending(other);
    }
}

void Model::look_at_all(Now now) {
    const auto pending = pending_;
    for (const pid_t thread : pending) look_at(tasks_.at(thread), now);
}

/// Nobody stands still here: what is there proves that a call has succeeded, but nothing proves
/// that it has failed.
void Model::look_at(Task& task, Now now) {
    Pending& pending = *task.pending;
    if (changes_names(pending.entry.call)) {
        suspect_names();
        return drop_pending(task);
    }
    ++pending.looks;
    const bool may_last =
        (may_wait(pending.entry.call) || pending.looks < kEnoughLooks) &&
        (pending.looks < kFirstDoubt || kernel_.may_be_in_call(task.id, pending.entry.raw_number));
    if (pending.numbers > 0) {
        find_numbers(task, pending, in_flight(*task.table));
        if (pending.numbers == 0) return drop_pending(task);
    } else if (ask_socket(*task.table, pending)) {
        return drop_pending(task);
    }
    pending.looked = now;
    pending.watched = may_last;
    pending.pause = next_pause(now.steady - pending.since.steady);
    pending.next = now.steady + pending.pause;
}

void Model::look_at_exec(TracedProcess& process, Now now) {
    TracedProcess::Exec& exec = *process.exec;
    exec.pause = next_pause(now.steady - exec.since.steady);
    exec.next = now.steady + exec.pause;
    const auto image = kernel_.image_of(process.pid);
    if (!image || image == exec.image) return;
    const auto first = tasks_.find(process.pid);
    Task* task = first != tasks_.end() ? &first->second : add_task(process.pid, process, nullptr);
    finish_exec(*task);
}

void Model::drop_pending(Task& task) {
    if (!task.pending) return;
    task.pending.reset();
    std::erase(pending_, task.id);
}

}  // namespace logfia
