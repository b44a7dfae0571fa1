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
    if (std::exchange(task.unsure, false)) table.unlisted = true;
    if (const auto range = std::exchange(task.range, std::nullopt))
        if (table.threads.size() > 1) check_range(table, *range, at);
    check_count(table, at);
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
    if (pending.numbers > 0 && (pending.raced || table.threads.size() > 1))
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
