// Finds out what a thread's earlier call has done.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
namespace {

/// So many sockets are asked where one is meant and nobody knows which.
constexpr int kMostSockets = 64;

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
        const bool is_over = ask_socket(table, pending);
        const NumberEntry* entry = table.numbers.find(pending.socket);
        if (!is_over && entry != nullptr)
            connecting_.push_back(
                {table.number, pending.socket, entry->id, pending.since, pending.next});
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

}  // namespace logfia
