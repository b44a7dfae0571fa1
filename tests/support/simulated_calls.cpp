// Does what calls do, and answers questions about it.

#include "support/simulated_kernel.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include <algorithm>

namespace logfia::test {

using Ending = Life::Ending;

namespace {

int numbers_of(Call call) {
    switch (call) {
        case Call::pipe2:
        case Call::socketpair:
            return 2;
        case Call::openat:
        case Call::socket:
        case Call::accept4:
        case Call::eventfd2:
        case Call::dup:
        case Call::fcntl:
            return 1;
        default:
            return 0;
    }
}

}  // namespace

bool SimulatedKernel::step(pid_t id) {
    Thread& thread = threads_.at(id);
    const Call call = thread.action.entry.call;
    if (call == Call::execve) return step_exec(thread);
    if (const int numbers = numbers_of(call); numbers > 0) return step_maker(thread, numbers);
    thread.stage = Stage::idle;
    execute(thread);
    return false;
}

/// Reserves one number after the other, and fills them together (do_sys_openat2(), fs/open.c;
/// do_pipe2(), fs/pipe.c).
bool SimulatedKernel::step_maker(Thread& thread, int numbers) {
    Table& table = *thread.table;
    const Action& action = thread.action;
    if (static_cast<int>(thread.reserved.size()) < numbers) {
        const int from = action.entry.call == Call::fcntl ? action.entry.number(2) : 0;
        thread.reserved.push_back(lowest_free(table, from));
        table.reserved.insert(thread.reserved.back());
        return true;
    }
    for (const int fd : thread.reserved) {
        const auto file = action.fails ? nullptr : file_for(thread);
        if (file != nullptr) install_made(thread, fd, file);
        thread.has_failed = file == nullptr;
        table.reserved.erase(fd);
    }
    thread.reserved.clear();
    thread.stage = Stage::idle;
    return false;
}

void SimulatedKernel::execute(Thread& thread) {
    const Action action = thread.action;
    const CallEntry& entry = action.entry;
    switch (entry.call) {
        case Call::close:
            return remove(*thread.table, entry.number(0), Ending::call, thread.entered);
        case Call::dup2:
        case Call::dup3:
            return execute_dup(thread);
        case Call::close_range:
            return execute_range(thread);
        case Call::unshare:
            if ((entry.number(0) & CLONE_FILES) != 0 && !action.fails) own_table(thread);
            return;
        case Call::exit:
            return end_thread(thread.id, Ending::exit, thread.entered);
        case Call::exit_group:
            return end_process(thread.process, Ending::exit,
                               process_of(thread.id).ending.value_or(thread.entered));
        case Call::recvmsg:
            for (int i = 0; i < action.count; ++i) receive(thread.id, action.close_on_exec);
            return;
        case Call::renameat2:
        case Call::unlinkat:
            if (!action.fails) execute_rename(action);
            return;
        default:
            return;
    }
}

/// do_dup2() in fs/file.c: EBUSY for a number that is reserved. A number that is open can be
/// replaced always; another may lie beyond the process's limit.
void SimulatedKernel::execute_dup(Thread& thread) {
    Table& table = *thread.table;
    const int from = thread.action.entry.number(0);
    const int to = thread.action.entry.number(1);
    thread.has_failed = true;
    const auto original = table.open.find(from);
    if (original == table.open.end() || from == to || to < 0) return;
    if (table.reserved.contains(to)) return;
    if (thread.action.fails && !table.open.contains(to)) return;
    const auto file = original->second.life->file;
    remove(table, to, Ending::call, thread.entered);
    install_made(thread, to, file);
    thread.has_failed = false;
}

void SimulatedKernel::execute_range(Thread& thread) {
    const CallEntry entry = thread.action.entry;
    const auto first = static_cast<unsigned>(entry.number(0));
    const auto last = static_cast<unsigned>(entry.number(1));
    const auto flags = static_cast<unsigned>(entry.number(2));
    if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0) return;
    if ((flags & CLOSE_RANGE_UNSHARE) != 0) {
        const bool was_shared = thread.table->was_shared;
        own_table(thread);
        // The copy is noticed with the next call, and so are its closes.
        thread.table->was_shared = was_shared;
    }
    std::vector<int> numbers;
    for (auto& [fd, slot] : thread.table->open) {
        if (static_cast<unsigned>(fd) < first || static_cast<unsigned>(fd) > last) continue;
        if ((flags & CLOSE_RANGE_CLOEXEC) != 0)
            slot.close_on_exec = true;
        else
            numbers.push_back(fd);
    }
    for (const int fd : numbers) remove(*thread.table, fd, Ending::call, thread.entered);
}

void SimulatedKernel::execute_rename(const Action& action) {
    const auto found = files_.find(action.path);
    if (found == files_.end() || action.path == action.new_path) return;
    const auto file = found->second;
    files_.erase(found);
    if (action.new_path.empty()) {
        file->rename(file->link + " (deleted)");
        return;
    }
    auto& replaced = files_[action.new_path];
    if (replaced != nullptr) replaced->rename(replaced->link + " (deleted)");
    replaced = file;
    file->rename(action.new_path);
}

/// Between the two steps, the process has a new memory that is not filled yet, and descriptors that
/// are about to be closed (begin_new_exec(), fs/exec.c).
bool SimulatedKernel::step_exec(Thread& thread) {
    if (thread.action.fails) {
        thread.stage = Stage::idle;
        return false;
    }
    if (!thread.in_exec) {
        begin_exec(thread);
        return true;
    }
    std::vector<int> numbers;
    for (const auto& [fd, slot] : thread.table->open)
        if (slot.close_on_exec) numbers.push_back(fd);
    for (const int fd : numbers) remove(*thread.table, fd, Ending::exec, thread.entered);
    thread.in_exec = false;
    thread.stage = Stage::idle;
    Process& process = processes_.at(thread.process);
    process.image = ProgramImage{++made_, 1};
    process.is_fresh = true;
    return false;
}

/// Other threads end, and the caller gets the number of the first one.
void SimulatedKernel::begin_exec(Thread& thread) {
    const pid_t id = thread.id;
    const pid_t pid = thread.process;
    for (const pid_t other : threads_of(pid))
        if (other != id) end_thread(other, Ending::exit, thread.entered);
    own_table(thread);
    thread.in_exec = true;
    processes_.at(pid).image.reset();
    if (id == pid) return;
    auto moved = threads_.extract(id);
    moved.key() = pid;
    moved.mapped().id = pid;
    threads_.insert(std::move(moved));
}

/// `/proc/N/fd`, held open: shows the table that its thread has at the moment.
class SimulatedView final : public TableView {
  public:
    SimulatedView(SimulatedKernel& kernel, pid_t thread) : kernel_(kernel), thread_(thread) {}

    [[nodiscard]] int directory() const override { return -1; }

    Link link(int fd) override {
        const auto table = look();
        if (table == nullptr) return {};
        if (kernel_.hides_links) return {Link::State::unreadable, {}};
        const auto slot = table->open.find(fd);
        if (slot == table->open.end()) return {};
        text_ = slot->second.life->file->link;
        return {Link::State::open, text_};
    }

    std::optional<std::size_t> count() override {
        const auto table = look();
        if (kernel_.count_ == DescriptorCount::untold) return std::nullopt;
        if (table == nullptr) return kernel_.is_zombie(thread_) ? std::optional(0UL) : std::nullopt;
        return table->open.size() + table->reserved.size();
    }

    std::optional<std::vector<int>> list() override {
        const auto table = look();
        if (table == nullptr && !kernel_.is_zombie(thread_)) return std::nullopt;
        std::vector<int> numbers;
        if (table == nullptr) return numbers;
        for (const auto& [fd, slot] : table->open) numbers.push_back(fd);
        return numbers;
    }

  private:
    std::shared_ptr<SimulatedKernel::Table> look() {
        if (kernel_.between) kernel_.between();
        return kernel_.table_of(thread_);
    }

    SimulatedKernel& kernel_;
    pid_t thread_;
    std::string text_;
};

bool SimulatedKernel::has_no_answer() {
    if (between) between();
    return failing_questions > 0 && failing_questions-- > 0;
}

std::optional<KernelView::TaskFacts> SimulatedKernel::task(pid_t thread) {
    if (has_no_answer()) return std::nullopt;
    const Thread* found = find(thread);
    if (found == nullptr) return std::nullopt;
    return TaskFacts{found->process, processes_.at(found->process).parent};
}

bool SimulatedKernel::share_table(pid_t a, pid_t b) {
    if (between) between();
    const auto one = table_of(a);
    return one != nullptr && one == table_of(b);
}

std::vector<pid_t> SimulatedKernel::threads_of(pid_t process) {
    std::vector<pid_t> ids;
    for (const auto& [id, thread] : threads_)
        if (thread.process == process) ids.push_back(id);
    return ids;
}

std::unique_ptr<TableView> SimulatedKernel::open_table(pid_t thread) {
    if (has_no_answer()) return nullptr;
    if (find(thread) == nullptr && !is_zombie(thread)) return nullptr;
    return std::make_unique<SimulatedView>(*this, thread);
}

std::optional<ProgramImage> SimulatedKernel::image_of(pid_t process) {
    if (has_no_answer()) return std::nullopt;
    const auto found = processes_.find(process);
    return found == processes_.end() ? std::nullopt : found->second.image;
}

/// A thread that is in no call waits for something else, as if it were in another one.
bool SimulatedKernel::may_be_in_call(pid_t thread, int number) {
    const Thread* found = find(thread);
    return found != nullptr && found->stage != Stage::idle &&
           found->action.entry.raw_number == number;
}

bool SimulatedKernel::caller_stands() {
    const Thread* caller = find(caller_);
    return caller != nullptr && caller->stage == Stage::standing;
}

}  // namespace logfia::test
