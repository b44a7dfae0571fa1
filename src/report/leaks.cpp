#include <logfia/event/socket_text.hpp>
#include <logfia/report/leaks.hpp>
#include <logfia/report/pipe_ends.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace logfia {
namespace {

/// The name that a user knows a descriptor by.
std::string shown_name(const Descriptor& descriptor) {
    const SocketInfo* socket = descriptor.socket.get();
    if (socket == nullptr) return descriptor.name;
    std::string name = address_or_path(*socket);
    if (!name.empty() && socket->state == SocketState::listen && own_address(*socket))
        name += " LISTEN";
    return name.empty() ? descriptor.name : name;
}

/// Standard streams are not the process's own choice: a shell redirects its own and those of a
/// pipeline, and nobody need close them.
bool is_standard_stream(const Descriptor& descriptor) {
    constexpr int kStandardError = 2;
    return descriptor.fd <= kStandardError;
}

bool has_peer(const SocketInfo* socket) {
    return socket != nullptr &&
           (peer_address(*socket) || socket->peer || socket->state == SocketState::established);
}

bool is_in_close_wait(const Descriptor& descriptor) {
    return descriptor.socket != nullptr && descriptor.socket->state == SocketState::close_wait;
}

std::size_t length_of_directory(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? 0 : slash + 1;
}

/// `pattern`, but with the directory's own name where both names have the same.
std::string shared_name(std::string_view a, std::string_view b, std::string_view pattern) {
    const std::string_view directory = a.substr(0, length_of_directory(a));
    if (directory.empty() || directory != b.substr(0, length_of_directory(b)))
        return std::string(pattern);
    return std::string(directory).append(pattern.substr(length_of_directory(pattern)));
}

/// Programs keep these for as long as they run, one for each of their event loops.
bool serves_event_loop(FdType type) {
    switch (type) {
        case FdType::epoll:
        case FdType::eventfd:
        case FdType::timerfd:
        case FdType::signalfd:
        case FdType::inotify:
            return true;
        default:
            return false;
    }
}

}  // namespace

void Leaks::Group::merge(Group&& other) {
    opens += other.opens;
    closes += other.closes;
    times.merge(other.times);
}

void Leaks::note(const Event& event) {
    if (event.kind == EventKind::exit) return note_exit(event);
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr) return;
    servers_.note(change->descriptor);
    switch (event.kind) {
        case EventKind::open:
            return note_open(event, *change);
        case EventKind::close:
            return note_close(event, *change);
        case EventKind::rename:
        case EventKind::connect:
        case EventKind::listen:
        case EventKind::hangup:
            return note_change(event, *change);
        default:
            return;
    }
}

/// The closes of a process come before its end.
void Leaks::note_exit(const Event& event) {
    const auto at = processes_.find(event.actor.number);
    if (at != processes_.end() && at->second.open == 0) end(at->first, event.at.steady);
}

Leaks::Process& Leaks::process_of(const Actor& actor, SteadyTime now) {
    const auto [at, is_new] = processes_.try_emplace(actor.number);
    Process& process = at->second;
    if (is_new) {
        process.pid = actor.pid;
        process.since = actor.watched_since.value_or(now);
    }
    process.comm = actor.comm;
    return process;
}

void Leaks::note_open(const Event& event, const DescriptorChange& change) {
    const auto [at, is_new] = open_.try_emplace(change.descriptor.id);
    if (!is_new) return;
    Open& open = at->second;
    open.process = &process_of(event.actor, event.at.steady);
    ++open.process->open;
    open.opened = event.at;
    open.counts = !change.initial && !is_standard_stream(change.descriptor);
    if (change.fd_limit) open.process->fd_limit = change.fd_limit;
    describe(open, change.descriptor);
    if (open.counts) find_family(open, change.descriptor);
}

void Leaks::note_close(const Event& event, const DescriptorChange& change) {
    const auto known = open_.find(change.descriptor.id);
    if (known == open_.end()) return;
    Open& open = known->second;
    Process& process = *open.process;
    process.comm = event.actor.comm;
    if (change.at_exit) {
        open.in_close_wait = open.in_close_wait || is_in_close_wait(change.descriptor);
        open.at_exit = true;
        process.left.push_back(std::move(open));
    } else if (open.counts) {
        ++open.family->second.groups[open.slot].closes;
        --open.family->second.open;
    }
    open_.erase(known);
    --process.open;
    if (process.open > 0) return;
    if (change.at_exit) return end(event.actor.number, event.at.steady);
    // A process may open more. Its end may come without any word.
    if (processes_.size() > most_processes_) forget_idle_processes();
}

void Leaks::note_change(const Event& event, const DescriptorChange& change) {
    const auto known = open_.find(change.descriptor.id);
    if (known == open_.end()) return;
    Open& open = known->second;
    describe(open, change.descriptor);
    if (event.kind == EventKind::hangup) open.in_close_wait = true;
    if (!open.counts) return;
    // A descriptor with another name counts as if it always had had that.
    --open.family->second.groups[open.slot].opens;
    --open.family->second.open;
    find_family(open, change.descriptor);
}

void Leaks::describe(Open& open, const Descriptor& descriptor) {
    open.access = descriptor.access;
    open.has_peer = has_peer(descriptor.socket.get());
    open.in_close_wait = open.in_close_wait || is_in_close_wait(descriptor);
    open.pipe = PipeEnds::number_of(descriptor);
    open.name = shown_name(descriptor);
}

void Leaks::find_family(Open& open, const Descriptor& descriptor) {
    const AlikeName alike = alike_name(descriptor, servers_);
    const std::string& shared = alike.wider.empty() ? alike.name : alike.wider;
    Process& process = *open.process;
    const auto [at, is_new] = process.families.try_emplace({descriptor.type, shared});
    if (is_new) ++families_;
    open.family = at;
    ++at->second.open;
    open.slot = at->second.groups.slot_of(alike);
    Group& group = at->second.groups[open.slot];
    ++group.opens;
    group.times.note(open.opened.steady - process.since);
    if (families_ > most_families_) forget_idle_families();
}

void Leaks::forget_idle_families() {
    for (auto& [number, process] : processes_)
        families_ -= std::erase_if(process.families,
                                   [](const auto& family) { return family.second.open == 0; });
    most_families_ = std::max(kMaxGroups, 2 * families_);
}

void Leaks::forget_idle_processes() {
    std::erase_if(processes_, [this](const auto& entry) {
        const Process& process = entry.second;
        if (process.open > 0 || !process.left.empty()) return false;
        families_ -= process.families.size();
        return true;
    });
    most_processes_ = std::max(kMaxGroups, 2 * processes_.size());
}

/// Judges a process that has ended, of which nothing is open any more.
void Leaks::end(std::uint64_t number, SteadyTime now) {
    const auto at = processes_.find(number);
    const Process& process = at->second;
    std::vector<const Open*> left;
    for (const Open& open : process.left) left.push_back(&open);
    for (Judged& judged : judge(number, process, left, now)) ended_.push_back(std::move(judged));
    families_ -= process.families.size();
    processes_.erase(at);
    if (ended_.size() > 2 * kMaxGroups) forget_small_ones();
}

void Leaks::forget_small_ones() {
    std::size_t surplus = ended_.size() - kMaxGroups;
    std::erase_if(ended_, [&](const Judged& judged) {
        if (surplus == 0 || may_be_leak(judged)) return false;
        --surplus;
        ++forgotten_;
        return true;
    });
}

bool Leaks::may_be_leak(const Judged& judged) const {
    return rule_of(judged, CommandEnd::by_itself) != LeakRule::none;
}

LeakRule Leaks::rule_of(const Judged& judged, CommandEnd command) const {
    if (command == CommandEnd::by_itself && judged.of_command && judged.needless >= fewest_)
        return LeakRule::open_at_the_end;
    return judged.group.rule;
}

/// Counts one more descriptor that was left open.
void Leaks::Judged::add(const Open& open, bool is_needed) {
    const bool is_first = group.count++ == 0;
    if (is_first || open.opened.steady < group.first_seen.steady) group.first_seen = open.opened;
    if (is_first) {
        group.type = open.family->first.first;
        group.name = open.name;
    } else if (group.name != open.name) {
        const WideningGroups<Group>& alike = open.family->second.groups;
        group.name =
            shared_name(group.name, open.name,
                        alike.is_wide() ? open.family->first.second : alike.name(open.slot));
        if (group.name.empty()) group.name = to_string(group.type);
    }
    left.note(open.opened.steady - open.process->since);
    if (open.in_close_wait) ++group.in_close_wait;
    if (open.at_exit && (open.in_close_wait || !is_needed)) ++needless;
}

/// Judges a process as of `end`, but for the end of the command.
std::vector<Leaks::Judged> Leaks::judge(std::uint64_t number, const Process& process,
                                        const std::vector<const Open*>& left,
                                        SteadyTime end) const {
    PipeEnds pipes;
    for (const Open* open : left) pipes.add(open->pipe, open->access);
    std::map<const Group*, Judged> found;
    for (const Open* open : left) {
        if (!open->counts) continue;
        const auto& [key, family] = *open->family;
        const bool is_needed =
            serves_event_loop(key.first) || open->has_peer || pipes.has_both(open->pipe);
        found[&family.groups[open->slot]].add(*open, is_needed);
    }
    const bool is_command = command_ != 0 && number == command_;
    std::vector<Judged> all;
    for (auto& [counts, judged] : found) {
        LeakGroup& group = judged.group;
        judged.of_command = is_command;
        group.pid = process.pid;
        group.comm = process.comm;
        group.fd_limit = process.fd_limit;
        group.watched = end - process.since;
        // A server that has kept connections from the start, and serves others in passing, does
        // not grow: of what is left, some must be younger.
        const bool grew = group.watched >= kLongEnough && counts->closes * 2 < counts->opens &&
                          counts->times.fill_each_third(group.watched) &&
                          judged.left.fill_later_thirds(group.watched);
        if (grew && group.count >= fewest_) group.rule = LeakRule::growth;
        all.push_back(std::move(judged));
    }
    return all;
}

LeakReport Leaks::report(SteadyTime end, CommandEnd command) const {
    std::unordered_map<const Process*, std::vector<const Open*>> left;
    for (const auto& [id, open] : open_) left[open.process].push_back(&open);
    LeakReport report;
    report.fewest = fewest_;
    report.forgotten = forgotten_;
    const auto add = [&](Judged judged) {
        judged.group.rule = rule_of(judged, command);
        judged.group.judged = judged.group.watched >= kLongEnough ||
                              (judged.of_command && command == CommandEnd::by_itself);
        report.groups.push_back(std::move(judged.group));
    };
    for (const Judged& judged : ended_) add(judged);
    for (const auto& [number, process] : processes_) {
        std::vector<const Open*>& of_process = left[&process];
        for (const Open& open : process.left) of_process.push_back(&open);
        for (Judged& judged : judge(number, process, of_process, end)) add(std::move(judged));
    }
    std::sort(report.groups.begin(), report.groups.end(),
              [](const LeakGroup& a, const LeakGroup& b) {
                  const bool a_leaks = a.rule != LeakRule::none;
                  const bool b_leaks = b.rule != LeakRule::none;
                  return std::tie(b_leaks, b.judged, b.count, a.pid, a.type, a.name) <
                         std::tie(a_leaks, a.judged, a.count, b.pid, b.type, b.name);
              });
    return report;
}

}  // namespace logfia
