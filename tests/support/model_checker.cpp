#include "support/model_checker.hpp"

#include <algorithm>

namespace logfia::test {
namespace {

using Ending = Life::Ending;

const Life& root_of(const Life& life) {
    return life.copy_of == nullptr ? life : root_of(*life.copy_of);
}

/// A close was let go on, but something else has closed it, or its table was copied before.
bool is_spared(const Life& life) {
    if (life.doomed && (life.ending != Ending::call || life.close_entered != *life.doomed))
        return true;
    return life.copy_of != nullptr && (life.copy_of->doomed || is_spared(*life.copy_of));
}

std::string microseconds(SteadyTime time) {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

void ModelChecker::note(const std::string& what, const ToldLife& told) {
    std::string text = what + ": told " + std::to_string(told.id) + " of table " +
                       std::to_string(told.table) + ", " + std::to_string(told.fd) + " " +
                       told.link + ", open " + microseconds(told.opened);
    if (told.closed) text += ", closed " + microseconds(*told.closed);
    if (told.at_exit) text += " at exit";
    if (told.life != nullptr) return note(text, *told.life);
    wrong_.push_back(text);
}

void ModelChecker::note(const std::string& what, const Life& life) {
    wrong_.push_back(what + " (truth: " + std::to_string(life.number) + " in table " +
                     std::to_string(life.table) + ", " + std::to_string(life.fd) + " " + life.link +
                     ", by " + std::to_string(life.maker) + ", entered " +
                     microseconds(life.entered) + ", open " + microseconds(life.opened) +
                     ", close entered " + microseconds(life.close_entered) + ", closed " +
                     microseconds(life.closed) + ", ending " +
                     std::to_string(static_cast<int>(life.ending)) + ")");
}

void ModelChecker::require(bool holds, const char* what, const ToldLife& told) {
    if (!holds) note(what, told);
}

/// The table that the model's one stands for: that of its threads. While one of them has left it
/// without the model's knowledge, the one that it was before.
std::shared_ptr<ModelChecker::Table> ModelChecker::truth_of(const TracedTable& table) {
    tables_[table.number] = &table;
    auto& known = truth_[table.number];
    std::shared_ptr<Table> first;
    auto threads = table.threads;
    if (threads.empty() && known == nullptr) threads.push_back(table.view_of);
    for (const pid_t thread : threads) {
        const auto one = kernel_.table_of(thread);
        if (one == nullptr) continue;
        if (one == known) return known;
        if (first == nullptr) first = one;
    }
    if (first == nullptr) return known;
    known = first;
    follow_copy(table.number, known->number);
    return known;
}

void ModelChecker::follow_copy(std::uint64_t table, std::size_t copy) {
    for (ToldLife& told : told_) {
        if (told.table != table || told.closed || told.life == nullptr) continue;
        if (const Life* life = copy_in(*told.life, copy)) told.life = life;
    }
}

const Life* ModelChecker::copy_in(const Life& life, std::size_t table) const {
    for (const Life& one : kernel_.lives()) {
        if (one.table != table) continue;
        for (const Life* from = one.copy_of; from != nullptr; from = from->copy_of)
            if (from == &life) return &one;
    }
    return nullptr;
}

void ModelChecker::opened(const TracedTable& table, NumberEntry& entry, const Opening& opening) {
    ToldLife& told = told_.emplace_back();
    told.id = entry.id = told_.size();
    entry.settled = !opening.link.starts_with("socket:");
    told.table = table.number;
    told.fd = opening.fd;
    told.link = opening.link;
    told.origin = opening.origin;
    if (opening.entry != nullptr) told.call = opening.entry->call;
    told.copy_of = opening.copy_of;
    told.made_with = opening.made_with;
    told.opened = opening.at.steady;
    lines.push_back("open " + std::to_string(told.fd) + " " + told.link);
    const auto truth = truth_of(table);
    const auto slot =
        truth != nullptr ? truth->open.find(opening.fd) : decltype(truth->open.end()){};
    if (truth == nullptr || slot == truth->open.end())
        return note("what is not open is told", told);
    told.life = told.first = slot->second.life;
    const auto number = std::pair(table.number, opening.fd);
    require(!open_.contains(number), "the number is open already", told);
    open_[number] = told.id;
    require(closed_last_[number] <= told.opened, "the number is still open then", told);
    require(told.opened <= kernel_.now, "that is yet to come", told);
    const bool is_named = kernel_.hides_links ? told.link.empty() : told.life->has_had(told.link);
    require(is_named, "the file has another name", told);
    check_open(told, truth->was_shared);
}

/// Where others have the table too, nobody can tell whose call has made what; what was made by a
/// call whose caller is gone, too.
void ModelChecker::check_open(const ToldLife& told, bool raced) {
    const Life& life = *told.life;
    if (raced || life.after_failure || life.origin == Life::Origin::copied) return;
    if (told.origin == Origin::call) {
        require(life.origin == Life::Origin::made, "no call has made it", told);
        require(told.call == life.entry.call, "another call has made it", told);
        require(life.entered <= told.opened, "it was opened later", told);
        require(told.opened <= life.opened, "it was opened earlier", told);
    } else if (told.origin == Origin::found) {
        require(life.origin == Life::Origin::received, "it was not received", told);
    }
    if (told.made_with != 0) {
        const Life* const other = told_[told.made_with - 1].first;
        require(other != nullptr && other->maker == life.maker && other->entered == life.entered,
                "it was made by another call", told);
    }
    if (told.copy_of != 0)
        require(told_[told.copy_of - 1].life->file == life.file, "it is a copy of another", told);
}

void ModelChecker::closed(const TracedTable& table, int fd, const NumberEntry& entry, Now at,
                          bool at_exit) {
    truth_of(table);
    lines.push_back("close " + std::to_string(fd) + (at_exit ? " at exit" : ""));
    ToldLife& told = told_[entry.id - 1];
    require(told.table == table.number && told.fd == fd, "another one is closed", told);
    require(!told.closed, "it is closed twice", told);
    told.closed = at.steady;
    told.at_exit = at_exit;
    require(told.opened <= at.steady, "its close comes first", told);
    require(at.steady <= kernel_.now, "its close is yet to come", told);
    open_.erase({table.number, fd});
    closed_last_[{table.number, fd}] = at.steady;
}

void ModelChecker::check_complete() {
    for (const auto& [number, table] : tables_) {
        const auto truth = truth_of(*table);
        for (const auto& [fd, slot] : truth->open)
            // The caller of its close was killed before it executed.
            if (!open_.contains({number, fd}) && !slot.life->doomed)
                note("it is not told", *slot.life);
        for (const auto& [place, id] : open_) {
            if (place.first != number) continue;
            const auto slot = truth->open.find(place.second);
            const bool is_right =
                slot != truth->open.end() && slot->second.life->file == told_[id - 1].life->file;
            require(is_right, "something else is open there", told_[id - 1]);
        }
    }
}

void ModelChecker::check_all() {
    for (const ToldLife& told : told_)
        if (told.life != nullptr) check_close(told);
    check_counts();
    for (const auto& [process, count] : ended_)
        if (count != 1) wrong_.push_back("a process has ended " + std::to_string(count) + " times");
}

/// A call that closes is told when it is let go on, though its process may be killed before it
/// executes.
void ModelChecker::check_close(const ToldLife& told) {
    const Life& life = *told.life;
    if (!told.closed) return note("it is open for ever", told);
    require(life.ending != Ending::none, "it was not closed", told);
    if (life.ending == Ending::kill && told.at_exit)
        return require(life.closed <= *told.closed, "it was closed later", told);
    if (life.ending == Ending::kill)
        return require(life.doomed && *told.closed <= life.closed, "nobody has closed it", told);
    // Another thread has ended the process before the close was executed.
    if (life.ending == Ending::exit && !told.at_exit && life.doomed) return;
    // The process was killed before it could call again.
    if (life.ending == Ending::exec && told.at_exit)
        return require(life.closed <= *told.closed, "it was closed later", told);
    if (life.raced) return;
    require(*told.closed == std::max(life.close_entered, told.opened),
            "it was closed at another time", told);
    require(told.at_exit == (life.ending == Ending::exit), "it has ended otherwise", told);
}

/// A descriptor that was made once was told once, in whichever table its copies are.
void ModelChecker::check_counts() {
    std::map<const Life*, int> told;
    std::set<std::pair<std::uint64_t, const Life*>> seen;
    for (const ToldLife& one : told_) {
        if (one.first == nullptr) continue;
        // The close was told, and has not happened: the caller was killed on the way.
        if (is_spared(*one.first)) {
            told.try_emplace(&root_of(*one.first), 0);
            continue;
        }
        require(seen.insert({one.table, one.first}).second, "it is told twice", one);
        if (one.origin == Origin::inherited) continue;
        if (++told[&root_of(*one.first)] > 1) note("it is told again", one);
    }
    for (const ToldLife& one : told_)
        if (one.first != nullptr && one.origin == Origin::inherited)
            told.try_emplace(&root_of(*one.first), 1);
    for (const Life& life : kernel_.lives()) {
        const bool is_made =
            life.origin == Life::Origin::made || life.origin == Life::Origin::received;
        // A file that threads have opened at once is not told apart until all of them call again.
        const bool is_lost =
            life.raced && life.ending == Ending::kill && lost_.contains(life.process);
        if (is_made && life.settled && !life.ambiguous && !is_lost && !told.contains(&life))
            note("it was never told", life);
    }
}

void ModelChecker::inherited(const TracedTable&, int fd, NumberEntry&, Now) {
    lines.push_back("inherited " + std::to_string(fd));
}

void ModelChecker::process_seen(const TracedProcess&) {}

void ModelChecker::process_began(const TracedProcess& process, Now) {
    ended_[process.number];
    lines.push_back("start " + std::to_string(process.pid));
}

void ModelChecker::process_executed(const TracedProcess& process, Now) {
    ended_[process.number];
    lines.push_back("exec " + std::to_string(process.pid));
}

void ModelChecker::process_ended(const TracedProcess& process, Now, std::optional<int> status) {
    ++ended_[process.number];
    lines.push_back("exit " + std::to_string(process.pid) + " " +
                    (status ? std::to_string(*status) : "?"));
}

void ModelChecker::table_named(const TracedTable& table) {
    for (const auto& [number, one] : tables_)
        if (!one->process->exec) truth_of(*one);
    truth_of(table);
}

void ModelChecker::table_ended(const TracedTable& table) {
    tables_.erase(table.number);
    for (const auto& [place, id] : open_)
        if (place.first == table.number) note("its table has ended", told_[id - 1]);
}

void ModelChecker::closing(const TracedTable& table, int fd, NumberEntry& entry) {
    const ToldLife& told = told_[entry.id - 1];
    require(told.table == table.number && told.fd == fd && !told.closed, "it is not open", told);
}

bool ModelChecker::socket_changed(const TracedTable&, int fd, NumberEntry& entry, Now) {
    const ToldLife& told = told_[entry.id - 1];
    require(told.fd == fd && !told.closed, "another socket is asked", told);
    lines.push_back("ask " + std::to_string(fd));
    return !connecting;
}

void ModelChecker::renamed(const TracedTable& table, int fd, const NumberEntry& entry,
                           std::string_view link, Now) {
    truth_of(table);
    ToldLife& told = told_[entry.id - 1];
    require(told.fd == fd && !told.closed, "another one is renamed", told);
    if (told.life != nullptr && !told.life->raced)
        require(told.life->has_had(link), "it has another name", told);
    lines.push_back("rename " + std::to_string(fd) + " " + std::string(link));
}

void ModelChecker::lost(const TracedProcess* process, Now, std::string reason) {
    if (process != nullptr) lost_.insert(process->pid);
    lines.push_back("lost " + std::to_string(process == nullptr ? 0 : process->pid) + " " + reason);
}

}  // namespace logfia::test
