// Looks after calls that have been going on for a while.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
namespace {

/// A call that cannot wait for anybody is over after so many looks, or has failed.
constexpr int kEnoughLooks = 8;
/// From this look on, the kernel is asked whether the caller is still in its call.
constexpr int kFirstDoubt = 3;
/// A call that has stopped meanwhile waits for no more than these.
constexpr int kMostSockets = 64;

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

}  // namespace

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
    look_at_connecting(now);
    look_at_names(now);
}

void Model::look_at_connecting(Now now) {
    int left = kMostSockets;
    for (std::size_t i = 0; i < connecting_.size() && left > 0;) {
        Connecting& one = connecting_[i];
        if (one.next > now.steady) {
            ++i;
            continue;
        }
        --left;
        if (is_still_connecting(one, now)) {
            one.next = now.steady + pause_before_look(now.steady - one.since.steady);
            ++i;
        } else {
            connecting_[i] = connecting_.back();
            connecting_.pop_back();
        }
    }
}

bool Model::is_still_connecting(const Connecting& one, Now now) {
    const auto table = tables_.find(one.table);
    if (table == tables_.end()) return false;
    NumberEntry* entry = table->second->numbers.find(one.fd);
    return entry != nullptr && entry->id == one.id &&
           !observer_.socket_changed(*table->second, one.fd, *entry, now);
}

/// The descriptors that others of its table have opened by now are not those that the thread is
/// about to open. Where the lowest free number is still free, nobody has opened any.
void Model::look_before_making(const Task& task) {
    if (task.table->threads.size() == 1) return;
    const auto pending = pending_;
    bool is_lowest_free = false;
    for (const pid_t thread : pending) {
        Task& other = tasks_.at(thread);
        if (other.table != task.table || other.pending->numbers == 0) continue;
        const bool wants_lowest = other.pending->exactly < 0 && other.pending->from == 0;
        if (wants_lowest && is_lowest_free) continue;
        const int before = other.pending->numbers;
        find_numbers(other, *other.pending, 0);
        other.unsure = other.unsure || other.pending->numbers < before;
        if (other.pending->numbers == 0)
            drop_pending(other);
        else
            is_lowest_free = is_lowest_free || wants_lowest;
    }
}

void Model::look_at_all(Now now) {
    const auto pending = pending_;
    for (const pid_t thread : pending) look_at(tasks_.at(thread), now);
}

void Model::look_at_others(const TracedProcess& process, const TracedTable& table, Now now) {
    const auto pending = pending_;
    for (const pid_t thread : pending)
        if (Task& task = tasks_.at(thread); task.table == &table || task.process == &process)
            look_at(task, now);
}

/// Before many are closed: what others have opened a moment ago would be gone before it is known.
void Model::know_all(const Task& task, Now at) {
    TracedTable& table = *task.table;
    look_at_others(*task.process, table, at);
    if (table.threads.size() > 1 && table.view != nullptr &&
        table.view->count() != table.numbers.size())
        list_again(table, at, at);
}

/// Nobody stands still here: what is there proves that a call has succeeded, but nothing proves
/// that it has failed.
void Model::look_at(Task& task, Now now) {
    Pending& pending = *task.pending;
    if (is_maker_in_disguise(pending.entry.call)) return;
    ++pending.looks;
    const bool may_last =
        (may_wait(pending.entry.call) || pending.looks < kEnoughLooks) &&
        (pending.looks < kFirstDoubt || kernel_.may_be_in_call(task.id, pending.entry.raw_number));
    if (changes_names(pending.entry.call)) {
        suspect_names();
        if (!may_last) return drop_pending(task);
    } else if (pending.numbers > 0) {
        const int before = pending.numbers;
        find_numbers(task, pending, in_flight(*task.table));
        const bool is_shared = task.table->threads.size() > 1;
        task.unsure = task.unsure || (is_shared && pending.numbers < before);
        if (pending.numbers == 0) return drop_pending(task);
    } else if (ask_socket(*task.table, pending)) {
        return drop_pending(task);
    }
    // Where a copy of the same file is replaced, nobody can see that it has not happened yet.
    if (pending.exactly < 0) pending.looked = now;
    pending.watched = may_last;
    pending.pause = pause_before_look(now.steady - pending.since.steady);
    pending.next = now.steady + pending.pause;
}

void Model::drop_pending(Task& task) {
    if (!task.pending) return;
    task.pending.reset();
    std::erase(pending_, task.id);
}

}  // namespace logfia
