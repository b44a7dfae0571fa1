// Finds out what an exec has done, and how often to look after calls that last.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kShortestPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(20);
/// A program is mapped in less, unless its file is on a filesystem that does not answer.
constexpr Duration kLongestExec = std::chrono::milliseconds(100);
/// From this look on, the kernel is asked whether the caller is still in its exec.
constexpr int kFirstDoubt = 3;

}  // namespace

/// The longer a call has lasted, the rarer it is looked after: 6 % of that time at most.
Duration Model::pause_before_look(Duration lasted) {
    return std::clamp(lasted / 16, kShortestPause, kLongestPause);
}

void Model::expect_exec(const Entered& entered) {
    TracedProcess& process = *entered.task->process;
    if (!process.exec) {
        execs_.push_back(process.pid);
        process.exec.emplace();
        process.exec->image = entered.image;
        process.exec->pause = kShortestPause;
        process.exec->next = entered.at.steady + kShortestPause;
    }
    process.exec->callers.push_back({entered.task->id, entered.at, entered.entry.raw_number});
}

void Model::forget_exec(TracedProcess& process) {
    process.exec.reset();
    std::erase(execs_, process.pid);
}

/// A question may fail for lack of something for a moment.
std::optional<ProgramImage> Model::image_of(pid_t process) {
    const auto image = kernel_.image_of(process);
    return image ? image : kernel_.image_of(process);
}

/// True when nothing else is to be settled: the thread is the first to be heard of after the exec
/// of its process, or that exec has ended it. Whoever stands after the program has changed has
/// begun since, or has called exec: during the exec, all others are gone.
bool Model::settle_exec(Task& task) {
    TracedProcess& process = *task.process;
    const auto image = image_of(process.pid);
    const bool is_over = image != process.exec->image;
    const bool is_known = image && process.exec->image;
    if (!kernel_.caller_stands()) return true;
    if (!is_known && !std::exchange(process.is_unreadable, true))
        observer_.lost(
            &process, process.exec->callers.back().since,
            "its program cannot be found out: what it does from here on may be told wrongly");
    if (is_over) {
        finish_exec(task);
        return true;
    }
    // A caller that calls again was refused; other threads may call while it is in its exec.
    auto& callers = process.exec->callers;
    std::erase_if(callers, [&](const auto& caller) { return caller.thread == task.id; });
    if (callers.empty()) forget_exec(process);
    return false;
}

/// The exec has closed what was to be closed, ended all other threads, and given the process a
/// table of its own (begin_new_exec(), fs/exec.c).
void Model::finish_exec(Task& task) {
    TracedProcess& process = *task.process;
    const pid_t by = process.exec->callers.back().thread;
    const Now since = process.exec->callers.back().since;
    forget_exec(process);
    // Another process may have what its last call has made.
    if (task.pending && task.table != nullptr) task.table->unlisted = true;
    drop_pending(task);
    if (by != task.id) take_over(task, by, since);
    forget_others(process, task.id, since);
    if (process.state == TracedProcess::State::launching) return begin_command(task, since);
    if (task.table == nullptr) return;
    observer_.process_executed(process, since);
    task.may_have_split = false;
    split_from(*task.table, task, since);
    TracedTable& table = *task.table;
    look_through(table, task.id, since);
    table.closing.clear();
    table.owed.clear();
    list_again(table, since, since);
}

void Model::begin_command(Task& task, Now at) {
    TracedProcess& process = *task.process;
    process.state = TracedProcess::State::told;
    observer_.process_executed(process, at);
    constexpr auto kOrigin = ModelObserver::Origin::initial;
    Listing listing = list_first(task.id, kOrigin);
    if (listing.view == nullptr && launch_view_ != nullptr)
        listing = list_first(std::move(launch_view_), kOrigin);
    launch_view_.reset();
    add_table(task, std::move(listing), at, kOrigin);
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

void Model::look_at_exec(TracedProcess& process, Now now) {
    PendingExec& exec = *process.exec;
    exec.pause = pause_before_look(now.steady - exec.callers.front().since.steady);
    exec.next = now.steady + exec.pause;
    exec.is_slow = now.steady - exec.callers.front().since.steady > kLongestExec;
    // Asked before the image, which is another one once the exec has succeeded.
    std::vector<pid_t> refused;
    if (++exec.looks >= kFirstDoubt)
        for (const auto& caller : exec.callers)
            if (!kernel_.may_be_in_call(caller.thread, caller.call))
                refused.push_back(caller.thread);
    const auto image = image_of(process.pid);
    if (!image || !exec.image) return;
    if (image == exec.image) {
        std::erase_if(exec.callers, [&](const auto& caller) {
            return std::find(refused.begin(), refused.end(), caller.thread) != refused.end();
        });
        if (exec.callers.empty()) forget_exec(process);
        return;
    }
    const auto first = tasks_.find(process.pid);
    Task* task = first != tasks_.end() ? &first->second : add_task(process.pid, process, nullptr);
    finish_exec(*task);
}

}  // namespace logfia
