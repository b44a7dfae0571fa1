#include "support/simulated_kernel.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace logfia::test {

using Ending = Life::Ending;

SimulatedKernel::Thread* SimulatedKernel::find(pid_t thread) {
    const auto found = threads_.find(thread);
    return found == threads_.end() ? nullptr : &found->second;
}

const SimulatedKernel::Process& SimulatedKernel::process_of(pid_t thread) const {
    return processes_.at(threads_.at(thread).process);
}

std::shared_ptr<SimulatedKernel::Table> SimulatedKernel::table_of(pid_t thread) {
    const Thread* found = find(thread);
    return found == nullptr ? nullptr : found->table;
}

bool SimulatedKernel::is_zombie(pid_t thread) const {
    return seen_.contains(thread) && !threads_.contains(thread);
}

std::vector<pid_t> SimulatedKernel::take_ended() {
    return std::exchange(ended_, {});
}

std::size_t SimulatedKernel::users_of(const Table& table) const {
    return static_cast<std::size_t>(
        std::count_if(threads_.begin(), threads_.end(),
                      [&](const auto& one) { return one.second.table.get() == &table; }));
}

pid_t SimulatedKernel::start(const std::vector<std::string>& links) {
    const pid_t pid = ++last_id_;
    processes_[pid] = {pid, 1, ProgramImage{++made_, 1}};
    seen_.insert(pid);
    Thread& thread = threads_[pid];
    thread.id = thread.process = pid;
    thread.table = std::make_shared<Table>();
    thread.table->number = ++tables_;
    for (const std::string& link : links) {
        auto file = std::make_shared<SimulatedFile>(SimulatedFile{link});
        install(*thread.table, lowest_free(*thread.table, 0), file, false).origin =
            Life::Origin::given;
    }
    return pid;
}

pid_t SimulatedKernel::fork(pid_t parent, bool share_table) {
    const pid_t pid = ++last_id_;
    const Thread& from = threads_.at(parent);
    processes_[pid] = {pid, from.process, processes_.at(from.process).image};
    seen_.insert(pid);
    Thread& thread = threads_[pid];
    thread.id = thread.process = pid;
    thread.table = share_table ? from.table : copy(*from.table);
    if (share_table) thread.table->was_shared = true;
    return pid;
}

pid_t SimulatedKernel::add_thread(pid_t sibling) {
    const pid_t id = ++last_id_;
    const Thread& from = threads_.at(sibling);
    Thread& thread = threads_[id];
    thread.id = id;
    thread.process = from.process;
    thread.table = from.table;
    thread.table->was_shared = true;
    return id;
}

int SimulatedKernel::receive(pid_t id, bool close_on_exec) {
    Thread& thread = threads_.at(id);
    const int fd = lowest_free(*thread.table, 0);
    Life& life = install(*thread.table, fd, new_file(Call::recvmsg), close_on_exec);
    life.origin = Life::Origin::received;
    life.maker = id;
    life.process = thread.process;
    life.entered = now;
    life.after_failure = thread.has_failed;
    return fd;
}

void SimulatedKernel::kill(pid_t process) {
    const auto ending = processes_.at(process).ending;
    end_process(process, ending ? Ending::exit : Ending::kill, ending.value_or(now));
}

void SimulatedKernel::stand(pid_t id, const Action& action) {
    Thread& thread = threads_.at(id);
    thread.stage = Stage::standing;
    thread.action = action;
    thread.entered = now;
    thread.has_failed = processes_.at(thread.process).is_fresh = false;
    caller_ = id;
    std::erase_if(thread.table->closing, [&](const auto& one) { return one.second.by == id; });
    thread.lives_before = lives_.size();
}

/// Descriptors that were there when the call came in, and still are, must be known before they are
/// closed. A process that ends is left alone.
void SimulatedKernel::mark_settled(const Thread& thread) {
    auto& ending = processes_.at(thread.process).ending;
    if (ending) return;
    if (thread.stage == Stage::granted && thread.action.entry.call == Call::exit_group)
        ending = thread.entered;
    const auto settle = [&](Life& life) {
        if (life.number <= thread.lives_before) life.settled = true;
    };
    // Without a count, what another thread has opened may be found at its next call only.
    for_each_closed(thread, [&](Life& life) {
        if (count_ == DescriptorCount::told || !life.raced) settle(life);
    });
    for (const auto& [fd, slot] : thread.table->open)
        if (slot.life->maker == thread.id) settle(*slot.life);
}

void SimulatedKernel::for_each_closed(const Thread& thread,
                                      const std::function<void(Life&)>& visit) {
    const CallEntry& entry = thread.action.entry;
    for (const auto& [fd, slot] : thread.table->open) {
        bool closes = false;
        if (entry.call == Call::close) closes = fd == entry.number(0);
        if (entry.call == Call::dup2 || entry.call == Call::dup3) closes = fd == entry.number(1);
        if (entry.call == Call::close_range)
            closes = static_cast<unsigned>(fd) >= static_cast<unsigned>(entry.number(0)) &&
                     static_cast<unsigned>(fd) <= static_cast<unsigned>(entry.number(1));
        if (entry.call == Call::exit_group || entry.call == Call::execve) closes = true;
        if (closes) visit(*slot.life);
    }
}

void SimulatedKernel::let_go_on(pid_t id) {
    Thread& thread = threads_.at(id);
    thread.stage = Stage::granted;
    mark_settled(thread);
    const Call call = thread.action.entry.call;
    has_renamed_ = has_renamed_ || changes_names(call);
    if (call == Call::execve || call == Call::exit_group) return;
    for_each_closed(thread, [&](Life& life) {
        if (!life.doomed) life.doomed = thread.entered;
        thread.table->closing[life.fd] = {id, life.file};
    });
}

void SimulatedKernel::give_up(pid_t id) {
    Thread& thread = threads_.at(id);
    thread.stage = Stage::idle;
    mark_settled(thread);
}

Life& SimulatedKernel::install(Table& table, int fd, std::shared_ptr<SimulatedFile> file,
                               bool close_on_exec) {
    Life& life = lives_.emplace_back();
    life.number = lives_.size();
    life.table = table.number;
    life.fd = fd;
    life.link = file->link;
    life.names = file->former.size();
    life.file = std::move(file);
    life.opened = now;
    life.raced = table.was_shared;
    const auto before = table.closing.find(fd);
    life.ambiguous =
        before != table.closing.end() && (before->second.file->link == life.link || has_renamed_);
    table.reserved.erase(fd);
    table.open[fd] = {&life, close_on_exec};
    return life;
}

void SimulatedKernel::install_made(Thread& thread, int fd, std::shared_ptr<SimulatedFile> file) {
    Life& life = install(*thread.table, fd, std::move(file), thread.action.close_on_exec);
    life.entry = thread.action.entry;
    life.maker = thread.id;
    life.process = thread.process;
    life.entered = thread.entered;
}

void SimulatedKernel::remove(Table& table, int fd, Ending ending, SteadyTime entered) {
    const auto slot = table.open.find(fd);
    if (slot == table.open.end()) return;
    Life& life = *slot->second.life;
    life.ending = ending;
    life.close_entered = entered;
    life.closed = now;
    life.raced = life.raced || table.was_shared;
    table.open.erase(slot);
}

std::shared_ptr<SimulatedKernel::Table> SimulatedKernel::copy(const Table& table) {
    auto made = std::make_shared<Table>();
    made->number = ++tables_;
    for (const auto& [fd, slot] : table.open) {
        Life& life = install(*made, fd, slot.life->file, slot.close_on_exec);
        life.origin = Life::Origin::copied;
        life.copy_of = slot.life;
    }
    return made;
}

void SimulatedKernel::own_table(Thread& thread) {
    if (users_of(*thread.table) > 1) thread.table = copy(*thread.table);
}

void SimulatedKernel::leave(Thread& thread, Ending ending, SteadyTime entered) {
    const auto table = std::exchange(thread.table, nullptr);
    if (table == nullptr) return;
    for (const int fd : thread.reserved) table->reserved.erase(fd);
    thread.reserved.clear();
    if (users_of(*table) > 0) return;
    while (!table->open.empty()) remove(*table, table->open.begin()->first, ending, entered);
}

void SimulatedKernel::end_thread(pid_t id, Ending ending, SteadyTime entered) {
    Thread& thread = threads_.at(id);
    const pid_t pid = thread.process;
    leave(thread, ending, entered);
    threads_.erase(id);
    const bool is_last = std::none_of(threads_.begin(), threads_.end(),
                                      [&](const auto& one) { return one.second.process == pid; });
    if (!is_last) return;
    processes_.erase(pid);
    ended_.push_back(pid);
}

void SimulatedKernel::end_process(pid_t pid, Ending ending, SteadyTime entered) {
    for (const pid_t thread : threads_of(pid)) end_thread(thread, ending, entered);
}

int SimulatedKernel::lowest_free(const Table& table, int from) const {
    while (table.open.contains(from) || table.reserved.contains(from)) ++from;
    return from;
}

/// Paths name files; all else is a new object.
std::shared_ptr<SimulatedFile> SimulatedKernel::file_for(const Thread& thread) {
    const Action& action = thread.action;
    if (action.entry.call == Call::dup || action.entry.call == Call::fcntl) {
        const auto slot = thread.table->open.find(action.entry.number(0));
        return slot == thread.table->open.end() ? nullptr : slot->second.life->file;
    }
    if (action.path.empty()) return new_file(action.entry.call);
    auto& file = files_[action.path];
    if (file == nullptr) file = std::make_shared<SimulatedFile>(SimulatedFile{action.path});
    return file;
}

/// Anonymous inodes have one link in common; pipes and sockets have numbers.
std::shared_ptr<SimulatedFile> SimulatedKernel::new_file(Call call) {
    std::string link = "anon_inode:[eventfd]";
    if (call == Call::recvmsg) link = "/received " + std::to_string(++made_);
    if (call == Call::pipe2) link = "pipe:[" + std::to_string(++made_) + "]";
    if (call == Call::socket || call == Call::socketpair || call == Call::accept4)
        link = "socket:[" + std::to_string(++made_) + "]";
    return std::make_shared<SimulatedFile>(SimulatedFile{std::move(link)});
}

}  // namespace logfia::test
