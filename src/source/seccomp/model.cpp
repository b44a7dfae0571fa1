#include <logfia/source/seccomp/model.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
namespace {

constexpr int kHighest = std::numeric_limits<int>::max();
/// Sockets are asked once more before their process ends, but so many at most: the caller stands
/// still meanwhile.
constexpr int kMostAtExit = 64;

bool is_exec(Call call) {
    return call == Call::execve || call == Call::execveat;
}

bool changes_socket(Call call) {
    return call == Call::bind || call == Call::connect || call == Call::listen;
}

/// True for a call after which the descriptors that others have opened a moment ago would be gone
/// before they are known.
bool closes_many(Call call) {
    return call == Call::close_range || call == Call::exit_group || is_exec(call);
}

int numbers_made_by(Call call) {
    switch (call) {
        case Call::pipe:
        case Call::pipe2:
        case Call::socketpair:
            return 2;
        default:
            return changes_socket(call) || changes_names(call) || is_maker_in_disguise(call) ? 0
                                                                                             : 1;
    }
}

/// The wait status (wait(2)) of a process that exits by itself.
int exit_status(const CallEntry& entry) {
    return (entry.number(0) & 0xff) << 8;
}

unsigned flags_of_range(const CallEntry& entry) {
    return static_cast<unsigned>(entry.number(2));
}

struct Range {
    int first;
    int last;
};

/// The numbers that a close_range(2) closes; none for one that fails, and for one that merely marks
/// them close-on-exec.
std::optional<Range> range_of(const CallEntry& entry) {
    constexpr unsigned kKnown = CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC;
    const auto first = static_cast<unsigned>(entry.number(0));
    const auto last = static_cast<unsigned>(entry.number(1));
    const unsigned flags = flags_of_range(entry);
    if (first > last || first > unsigned{kHighest} || (flags & ~kKnown) != 0 ||
        (flags & CLOSE_RANGE_CLOEXEC) != 0)
        return std::nullopt;
    return Range{static_cast<int>(first),
                 last > unsigned{kHighest} ? kHighest : static_cast<int>(last)};
}

/// The number that a dup2(2) or dup3(2) replaces; absent when it replaces none.
std::optional<int> target_of_dup(const CallEntry& entry) {
    const int from = entry.number(0);
    const int to = entry.number(1);
    if (from == to || to < 0) return std::nullopt;
    if (entry.call == Call::dup3 && (entry.number(2) & ~O_CLOEXEC) != 0) return std::nullopt;
    return to;
}

}  // namespace

std::uint64_t digest_of_link(std::string_view text) {
    return std::hash<std::string_view>{}(text) | 1U;
}

Model::Model(KernelView& kernel, ModelObserver& observer, const Options& options)
    : kernel_(kernel), observer_(observer), options_(options) {}

void Model::enter(const CallEntry& entry, pid_t thread, Now at) {
    entered_ = {};
    if (entry.foreign) return note_foreign(thread, at);
    standing_ = true;
    if (Task* task = find_task(thread, at)) {
        entered_.task = task;
        entered_.entry = entry;
        entered_.at = at;
        entered_.is_doubtful = task->unsure || (task->pending && task->pending->numbers > 0);
        settle(*task, at);
        prepare(*task, entry, at);
    }
    standing_ = false;
    caller_ = nullptr;
}

/// Reads what can no longer be read once the call has gone on.
void Model::prepare(Task& task, const CallEntry& entry, Now at) {
    if (is_exec(entry.call)) entered_.image = image_of(task.process->pid);
    if (is_exec(entry.call) && task.process->state == TracedProcess::State::launching)
        launch_view_ = open_view(task.id);
    if (task.table == nullptr) return;
    TracedTable& table = *task.table;
    if (changes_names(entry.call)) look_at_all(at);
    if (closes_many(entry.call)) know_all(task, at);
    switch (entry.call) {
        case Call::close:
            prepare_close(table, entry.number(0), at);
            break;
        case Call::dup2:
        case Call::dup3:
            know(table, entry.number(0), at);
            if (const auto target = target_of_dup(entry)) prepare_dup(table, *target, at);
            break;
        case Call::close_range:
            if ((flags_of_range(entry) & CLOSE_RANGE_UNSHARE) != 0) adopt_silent_threads(task);
            if (const auto range = range_of(entry))
                prepare_closes(table, range->first, range->last);
            break;
        case Call::unshare:
            adopt_silent_threads(task);
            break;
        case Call::exit:
            adopt_silent_threads(task);
            entered_.is_last = is_last_thread(task);
            if (table.threads.size() == 1) prepare_closes(table, 0, kHighest);
            break;
        case Call::exit_group:
            prepare_closes(table, 0, kHighest);
            break;
        default:
            if (numbers_made_by(entry.call) > 0) look_before_making(task);
            break;
    }
}

void Model::prepare_close(TracedTable& table, int fd, Now at) {
    NumberEntry* known = know(table, fd, at);
    if (known == nullptr || known->id == 0) return;
    if (table.renamed) look_at_name(table, fd, *known, at);
    observer_.closing(table, fd, *known);
}

/// A look that comes before the call has happened finds the old file, which must not be taken for
/// the new one.
void Model::prepare_dup(TracedTable& table, int target, Now at) {
    prepare_close(table, target, at);
    NumberEntry* known = table.numbers.find(target);
    if (known != nullptr && known->link == 0 && table.view != nullptr)
        known->link = digest_of_link(table.view->link(target).text);
}

void Model::prepare_closes(TracedTable& table, int first, int last) {
    int left = kMostAtExit;
    table.numbers.for_each(first, last, [&](int fd, NumberEntry& entry) {
        if (entry.settled || entry.id == 0 || left-- <= 0) return;
        observer_.closing(table, fd, entry);
    });
}

void Model::commit() {
    const Entered entered = std::exchange(entered_, {});
    if (entered.task == nullptr) return;
    TracedProcess& process = *entered.task->process;
    if (is_exec(entered.entry.call)) {
        expect_exec(entered);
        if (entered.task->table != nullptr) look_past(*entered.task, Leaving::process, entered.at);
        return;
    }
    if (entered.task->table == nullptr) return;
    if (entered.entry.call == Call::exit && !entered.is_last) {
        process.exiting.push_back(entered.task->id);
        return forget(entered.task->id, entered.at);
    }
    act(*entered.task, entered.entry, entered.at);
}

/// The numbers of its calls mean nothing to us.
void Model::note_foreign(pid_t thread, Now at) {
    const Task* task = find_task(thread, at);
    if (task == nullptr || std::exchange(task->process->is_foreign, true)) return;
    observer_.lost(task->process, at,
                   "it runs a program for another kind of machine, whose calls are not known");
}

void Model::act(Task& task, const CallEntry& entry, Now at) {
    switch (entry.call) {
        case Call::close:
            return act_on_close(task, entry.number(0), at);
        case Call::close_range:
            return act_on_range(task, entry, at);
        case Call::dup2:
        case Call::dup3:
            return act_on_dup(task, entry, at);
        case Call::exit:
        case Call::exit_group:
            return exit_process(*task.process, at, exit_status(entry));
        case Call::unshare:
            task.may_have_split = (entry.number(0) & CLONE_FILES) != 0;
            if (task.may_have_split) look_past(task, Leaving::thread, at);
            return;
        case Call::signalfd:
        case Call::signalfd4:
            if (entry.number(0) != -1) return;  // changes one that there is
            break;
        default:
            break;
    }
    if (changes_names(entry.call))
        for (auto& [number, table] : tables_)
            for (TracedTable::Closing& one : table->closing) one.link = 0;
    Pending pending;
    pending.entry = entry;
    pending.numbers = numbers_made_by(entry.call);
    if (entry.call == Call::fcntl) pending.from = entry.number(2);
    if (pending.from < 0 || pending.from == kHighest) return;  // the call fails
    if (changes_socket(entry.call) && entry.args_known) pending.socket = entry.number(0);
    pending.watched = !is_maker_in_disguise(entry.call);
    if (entry.call == Call::dup || entry.call == Call::fcntl)
        if (const NumberEntry* original = task.table->numbers.find(entry.number(0)))
            pending.copy_of = original->id;
    expect(task, pending, at);
}

void Model::expect(Task& task, Pending pending, Now at) {
    pending.since = at;
    pending.looked = pending.since;
    pending.pause = std::chrono::milliseconds(1);
    pending.next = pending.since.steady + pending.pause;
    pending.raced = task.table->threads.size() > 1;
    if (!task.pending) pending_.push_back(task.id);
    task.pending = pending;
}

void Model::act_on_close(Task& task, int fd, Now at) {
    TracedTable& table = *task.table;
    const NumberEntry* known = table.numbers.find(fd);
    if (known == nullptr) return;
    const bool may_change = table.renamed || names_may_change();
    table.closing.push_back({fd, may_change ? 0 : known->link, task.id});
    close(table, fd, at, false);
}

void Model::act_on_range(Task& task, const CallEntry& entry, Now at) {
    const auto range = range_of(entry);
    const bool splits = (flags_of_range(entry) & CLOSE_RANGE_UNSHARE) != 0;
    if (splits && task.table->threads.size() > 1) {
        task.may_have_split = true;
        look_past(task, Leaving::thread, at);
        return;
    }
    if (!range) return;
    std::vector<int> numbers;
    task.table->numbers.for_each(range->first, range->last,
                                 [&](int fd, NumberEntry&) { numbers.push_back(fd); });
    for (const int fd : numbers) act_on_close(task, fd, at);
    task.range = {range->first, range->last, at};
}

void Model::act_on_dup(Task& task, const CallEntry& entry, Now at) {
    const auto target = target_of_dup(entry);
    const NumberEntry* original = task.table->numbers.find(entry.number(0));
    if (!target || original == nullptr) return;
    Pending pending;
    pending.entry = entry;
    pending.numbers = 1;
    pending.exactly = *target;
    pending.copy_of = original->id;
    act_on_close(task, *target, at);
    expect(task, pending, at);
}

void Model::exit_process(TracedProcess& process, Now at, int status) {
    process.state = TracedProcess::State::ending;
    forget_exec(process);
    forget_all(process, at);
    observer_.process_ended(process, at, status);
}

void Model::end(pid_t pid, Now at, std::optional<int> status) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return;
    TracedProcess& process = *found->second;
    if (process.state != TracedProcess::State::ending) {
        bool unsure = process.exec.has_value();
        for (const pid_t thread : tasks_of(process)) {
            const auto& pending = tasks_.at(thread).pending;
            unsure = unsure || (pending && pending->numbers > 0);
        }
        forget_all(process, at);
        if (process.state == TracedProcess::State::told) {
            if (unsure)
                observer_.lost(&process, at,
                               "it was killed: what its last call opened was not seen");
            observer_.process_ended(process, at, status);
        }
    }
    forget_all(process, at);
    std::erase(execs_, pid);
    processes_.erase(found);
}

std::optional<SteadyTime> Model::next_look() const {
    std::optional<SteadyTime> next;
    const auto bring_forward = [&](SteadyTime time) { next = next ? std::min(*next, time) : time; };
    for (const pid_t thread : pending_)
        if (const Pending& pending = *tasks_.at(thread).pending; pending.watched)
            bring_forward(pending.next);
    for (const pid_t pid : execs_) bring_forward(processes_.at(pid)->exec->next);
    for (const Connecting& one : connecting_) bring_forward(one.next);
    if (!tables_.empty()) bring_forward(names_suspect_ ? next_names_ : next_all_names_);
    return next;
}

std::optional<SteadyTime> Model::settled_until() const {
    std::optional<SteadyTime> time;
    const auto bring_forward = [&](SteadyTime one) { time = time ? std::min(*time, one) : one; };
    for (const pid_t thread : pending_)
        if (const Pending& pending = *tasks_.at(thread).pending;
            pending.watched && !changes_names(pending.entry.call))
            bring_forward(pending.known_after().steady);
    for (const pid_t pid : execs_)
        if (const auto& exec = *processes_.at(pid)->exec; !exec.is_slow)
            bring_forward(exec.callers.front().since.steady);
    return time;
}

}  // namespace logfia
