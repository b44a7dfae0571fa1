// Knows which thread belongs to which process, and which of them share a table.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia {
/// Null when nothing is to be done about the thread's calls.
Model::Task* Model::find_task(pid_t thread, Now at) {
    using State = TracedProcess::State;
    if (const auto found = tasks_.find(thread); found != tasks_.end()) {
        const State state = found->second.process->state;
        caller_ = found->second.process;
        return state == State::ending || state == State::ignored ? nullptr : &found->second;
    }
    const auto facts = facts_of(thread, at);
    if (!facts) return nullptr;
    const auto known = processes_.find(facts->process);
    // Tables are known once the execs are of which nobody has heard yet.
    const auto parent = known != processes_.end() ? known : processes_.find(facts->parent);
    if (parent != processes_.end() && parent->second->exec) look_at_exec(*parent->second, at);
    if (const auto found = tasks_.find(thread); found != tasks_.end())
        return found->second.process->state == State::told ? &found->second : nullptr;
    TracedProcess& process = known != processes_.end()
                                 ? *known->second
                                 : add_process(facts->process, facts->parent, thread, at);
    caller_ = &process;
    if (process.state == State::ending) return nullptr;
    if (process.state == State::launching) return add_task(thread, process, nullptr);
    if (process.state == State::ignored) {
        add_task(thread, process, nullptr);
        return nullptr;
    }
    TracedTable* table = table_of_exec(thread, process);
    if (table == nullptr) table = find_table(thread, process, at);
    if (table != nullptr) return add_task(thread, process, table);
    constexpr auto kOrigin = ModelObserver::Origin::inherited;
    Listing listing = list_first(thread, kOrigin);
    // Nothing was compared, and nothing read, of a thread that is gone.
    if (!kernel_.caller_stands()) return nullptr;
    Task* task = add_task(thread, process, nullptr);
    add_table(*task, std::move(listing), at, kOrigin);
    return task;
}

/// Absent when the thread is gone, or when the kernel lacks something, which is told once.
std::optional<KernelView::TaskFacts> Model::facts_of(pid_t thread, Now at) {
    const auto facts = kernel_.task(thread);
    if (facts || !kernel_.caller_stands()) return facts;
    const auto again = kernel_.task(thread);
    if (!again && kernel_.caller_stands() && !std::exchange(strangers_told_, true))
        observer_.lost(nullptr, at,
                       "whose calls some are could not be found out: what those did was not seen");
    return again;
}

/// A thread that calls exec gets the number of the first one, which may have exited long ago.
TracedTable* Model::table_of_exec(pid_t thread, const TracedProcess& process) const {
    if (!process.exec || thread != process.pid) return nullptr;
    const auto caller = tasks_.find(process.exec->callers.back().thread);
    return caller == tasks_.end() ? nullptr : caller->second.table;
}

Model::Task* Model::add_task(pid_t thread, TracedProcess& process, TracedTable* table) {
    Task& task = tasks_[thread];
    std::erase(process.exiting, thread);  // another one by now
    task.id = thread;
    task.process = &process;
    task.table = table;
    if (table != nullptr) join(*table, thread);
    return &task;
}

/// The calls that are going on in the table are not alone in it any more.
void Model::join(TracedTable& table, pid_t thread) {
    for (const pid_t other : table.threads)
        if (auto& pending = tasks_.at(other).pending) pending->raced = true;
    table.threads.push_back(thread);
}

TracedProcess& Model::add_process(pid_t pid, pid_t parent, pid_t thread, Now at) {
    using State = TracedProcess::State;
    auto& slot = processes_[pid];
    slot = std::make_unique<TracedProcess>();
    slot->number = ++processes_seen_;
    slot->pid = pid;
    slot->parent = parent;
    if (pid == options_.command && slot->number == 1) {  // a later process may have its number
        slot->state = State::launching;
    } else if (options_.children == Children::ignored && find_table(thread, *slot, at) == nullptr) {
        slot->state = State::ignored;
    } else {
        observer_.process_began(*slot, at);
    }
    observer_.process_seen(*slot);
    return *slot;
}

/// The table that the thread has in common with a thread that is known: of its process, or of the
/// parent (CLONE_FILES, clone(2)). Null: there is none.
TracedTable* Model::find_table(pid_t thread, const TracedProcess& process, Now at) {
    split_suspects(process, at);
    TracedTable* unseen = nullptr;
    for (const auto& [number, table] : tables_) {
        const pid_t owner = table->process->pid;
        const auto near = nearest_of(*table, process);
        if (!near) continue;
        if (kernel_.share_table(thread, *near)) return table.get();
        // A table that may not be looked into is not compared either.
        if (table->view == nullptr && owner == process.pid) unseen = table.get();
    }
    return unseen;
}

/// Threads that may have tables of their own get them: what is compared with them would be taken
/// for what they have left.
void Model::split_suspects(const TracedProcess& process, Now at) {
    for (const pid_t pid : {process.pid, process.parent}) {
        const auto known = processes_.find(pid);
        if (known == processes_.end()) continue;
        for (const pid_t thread : tasks_of(*known->second))
            if (Task& task = tasks_.at(thread); task.may_have_split && task.table != nullptr)
                split(task, at);
    }
}

/// A thread that has the table: of the process, or else of its parent or child, and if there is one
/// that cannot have left the table meanwhile. Absent: there is none.
std::optional<pid_t> Model::nearest_of(const TracedTable& table,
                                       const TracedProcess& process) const {
    std::optional<pid_t> near;
    std::optional<pid_t> suspect;
    for (const pid_t thread : table.threads) {
        const Task& task = tasks_.at(thread);
        const TracedProcess& owner = *task.process;
        const bool is_of_it = owner.pid == process.pid;
        if (!is_of_it && owner.pid != process.parent && owner.parent != process.pid) continue;
        if (is_of_it && !task.may_have_split) return thread;
        (task.may_have_split ? suspect : near) = thread;
    }
    return near ? near : suspect;
}

/// A question may fail for lack of something for a moment.
std::unique_ptr<TableView> Model::open_view(pid_t thread) {
    auto view = kernel_.open_table(thread);
    return view != nullptr ? std::move(view) : kernel_.open_table(thread);
}

/// From now on the table is seen as that of the thread. Where a program may not be looked into, a
/// view from before its exec still counts what is open.
void Model::look_through(TracedTable& table, pid_t thread, Now at) {
    auto view = open_view(thread);
    if (view == nullptr && table.view != nullptr && table.view_of == thread) return;
    table.view_of = thread;
    table.view = std::move(view);
    if (table.view != nullptr || !kernel_.task(thread)) return;
    observer_.lost(table.process, at, "its descriptors may not be looked at");
}

/// Gives the thread a table that nobody else has yet.
TracedTable& Model::add_table(Task& task, Listing listing, Now at, ModelObserver::Origin origin) {
    auto table = std::make_unique<TracedTable>();
    table->number = ++tables_seen_;
    table->process = task.process;
    table->view = std::move(listing.view);
    table->view_of = task.id;
    table->threads.push_back(task.id);
    const bool has_another = std::any_of(tables_.begin(), tables_.end(), [&](const auto& one) {
        return one.second->process == task.process;
    });
    if (has_another) table->own_of = task.id;
    task.table = table.get();
    TracedTable& added = *(tables_[table->number] = std::move(table));
    observer_.table_named(added);
    tell_first(added, listing, at, origin);
    return added;
}

void Model::tell_first(TracedTable& table, const Listing& listing, Now at,
                       ModelObserver::Origin origin) {
    if (!listing.is_readable && (table.view != nullptr || kernel_.task(table.view_of)))
        observer_.lost(table.process, at,
                       table.view != nullptr ? "its descriptors could not be listed"
                                             : "its descriptors may not be looked at");
    for (const auto& [fd, link] : listing.links) {
        if (origin == ModelObserver::Origin::inherited && options_.inherited == Inherited::untold) {
            NumberEntry entry{.id = 0, .link = 0, .since = at};
            observer_.inherited(table, fd, entry, at);
            table.numbers.open(fd, entry);
            continue;
        }
        open(table, {fd, link, at, origin, nullptr, 0});
    }
}

/// Links are read of what is to be told only.
Model::Listing Model::list_first(pid_t thread, ModelObserver::Origin origin) {
    return list_first(open_view(thread), origin);
}

Model::Listing Model::list_first(std::unique_ptr<TableView> view,
                                 ModelObserver::Origin origin) const {
    Listing listing;
    listing.view = std::move(view);
    const auto numbers = listing.view != nullptr ? listing.view->list() : std::nullopt;
    if (!numbers) return listing;
    listing.is_readable = true;
    const bool are_told =
        origin != ModelObserver::Origin::inherited || options_.inherited == Inherited::told;
    for (const int fd : *numbers) {
        const Link link = are_told ? listing.view->link(fd) : Link{Link::State::open};
        if (link.state != Link::State::absent) listing.links.emplace_back(fd, link.text);
    }
    return listing;
}

/// Makes the threads known that have never called, as long as they have the caller's table: it does
/// not end with the caller.
void Model::adopt_silent_threads(Task& task) {
    TracedTable& table = *task.table;
    const auto of_it = std::count_if(table.threads.begin(), table.threads.end(), [&](pid_t thread) {
        return tasks_.at(thread).process == task.process;
    });
    if (of_it > 1) return;
    for (const pid_t thread : kernel_.threads_of(task.process->pid)) {
        const auto& exiting = task.process->exiting;
        if (std::find(exiting.begin(), exiting.end(), thread) != exiting.end()) continue;
        if (tasks_.contains(thread) || !kernel_.share_table(task.id, thread)) continue;
        add_task(thread, *task.process, &table);
    }
}

bool Model::is_last_thread(const Task& task) {
    if (tasks_of(*task.process).size() > 1) return false;
    const auto threads = kernel_.threads_of(task.process->pid);
    return std::all_of(threads.begin(), threads.end(),
                       [&](pid_t thread) { return thread == task.id; });
}

/// Gives the thread a table of its own, if it has one by now. Others that may have left the table
/// come first: the last one to stay keeps it.
void Model::split(Task& task, Now at) {
    TracedTable& shared = *task.table;
    const auto threads = shared.threads;
    for (const pid_t thread : threads)
        if (Task& other = tasks_.at(thread); &other != &task && other.may_have_split)
            split_from(shared, other, at);
    split_from(shared, task, at);
}

void Model::split_from(TracedTable& shared, Task& task, Now at) {
    std::optional<pid_t> other;
    for (const pid_t thread : shared.threads)
        if (thread != task.id && (!other || tasks_.at(*other).may_have_split)) other = thread;
    if (!other) {
        // All others have left what is a copy by now, and a close_range(2) may have made it.
        shared.unlisted = true;
        return;
    }
    if (kernel_.share_table(task.id, *other)) return;
    if (!kernel_.task(*other) || !kernel_.task(task.id)) return;  // nothing was compared
    constexpr auto kOrigin = ModelObserver::Origin::inherited;
    Listing listing = list_first(task.id, kOrigin);
    if (!was_true(*task.process)) return;
    leave_table(task, at);
    add_table(task, std::move(listing), at, kOrigin);
}

/// A thread, or all of its process, is about to get a table of its own: what is seen through it is
/// not this one any more. Looks through another one that has certainly stayed, if there is any.
void Model::look_past(const Task& task, Leaving leaving, Now at) {
    TracedTable& table = *task.table;
    const auto stays = [&](pid_t thread) {
        if (tasks_.at(thread).may_have_split) return false;
        return leaving == Leaving::thread ? thread != task.id
                                          : tasks_.at(thread).process != task.process;
    };
    if (stays(table.view_of)) return;
    const auto other = std::find_if(table.threads.begin(), table.threads.end(), stays);
    if (other == table.threads.end()) return;
    look_through(table, *other, at);
}

void Model::leave_table(Task& task, Now at) {
    TracedTable& table = *std::exchange(task.table, nullptr);
    std::erase(table.threads, task.id);
    const auto closes =
        std::erase_if(table.closing, [&](const auto& one) { return one.by == task.id; });
    // A caller that was killed on the way has closed nothing.
    if (closes > 0) table.unlisted = true;
    if (table.threads.empty()) return end_table(table, at);
    const Task& heir = tasks_.at(table.threads.front());
    if (table.view_of == task.id) look_through(table, heir.id, at);
    const bool named = std::any_of(table.threads.begin(), table.threads.end(), [&](pid_t thread) {
        return tasks_.at(thread).process == table.process;
    });
    if (named) return;
    table.process = heir.process;
    observer_.table_named(table);
}

void Model::end_table(TracedTable& table, Now at) {
    std::vector<int> numbers;
    table.numbers.for_each(0, std::numeric_limits<int>::max(),
                           [&](int fd, NumberEntry&) { numbers.push_back(fd); });
    for (const int fd : numbers) close(table, fd, at, true);
    observer_.table_ended(table);
    tables_.erase(table.number);
}

void Model::forget(pid_t thread, Now at) {
    const auto found = tasks_.find(thread);
    if (found == tasks_.end()) return;
    Task& task = found->second;
    // Others may have what its last call has made.
    if (task.pending && task.table != nullptr) task.table->unlisted = true;
    drop_pending(task);
    if (task.table != nullptr) leave_table(task, at);
    tasks_.erase(found);
}

/// The thread whose table is read comes last, since each change of that thread costs an open(2).
void Model::forget_all(TracedProcess& process, Now at) {
    const auto threads = tasks_of(process);
    std::for_each(threads.rbegin(), threads.rend(), [&](pid_t thread) { forget(thread, at); });
}

void Model::forget_others(TracedProcess& process, pid_t but, Now at) {
    for (const pid_t thread : tasks_of(process))
        if (thread != but) forget(thread, at);
}

std::vector<pid_t> Model::tasks_of(const TracedProcess& process) const {
    std::vector<pid_t> threads;
    for (const auto& [thread, task] : tasks_)
        if (task.process == &process) threads.push_back(thread);
    std::sort(threads.begin(), threads.end());
    return threads;
}

}  // namespace logfia
