#include <logfia/event/name_group.hpp>
#include <logfia/event/socket_text.hpp>
#include <logfia/report/leaks.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

/// The part that is alike in the names of descriptors of one type.
std::string alike_part(const Descriptor& descriptor) {
    if (is_in(descriptor.type, FdGroup::socket))
        return descriptor.socket != nullptr ? grouping_name(*descriptor.socket) : std::string();
    if (is_in(descriptor.type, FdGroup::path) || descriptor.name.starts_with("anon_inode:"))
        return without_digits(descriptor.name);
    return {};
}

/// The name that a user knows a descriptor by.
std::string shown_name(const Descriptor& descriptor) {
    std::string name;
    if (descriptor.socket != nullptr) name = address_or_path(*descriptor.socket);
    return name.empty() ? descriptor.name : name;
}

/// Standard streams are not the process's own choice: a shell redirects its own and those of a
/// pipeline, and nobody need close them.
bool is_standard_stream(const Descriptor& descriptor) {
    constexpr int kStandardError = 2;
    return descriptor.fd <= kStandardError;
}

}  // namespace

void Leaks::note(const Event& event) {
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr) return;
    switch (event.kind) {
        case EventKind::open:
            return note_open(event, *change);
        case EventKind::close:
            return note_close(event, *change);
        case EventKind::rename:
        case EventKind::connect:
        case EventKind::listen:
            return note_name(event, *change);
        default:
            return;
    }
}

void Leaks::note_open(const Event& event, const DescriptorChange& change) {
    if (change.initial || is_standard_stream(change.descriptor)) return;
    open_.insert_or_assign(change.descriptor.id, describe(event, change));
}

void Leaks::note_close(const Event& event, const DescriptorChange& change) {
    const auto known = open_.find(change.descriptor.id);
    if (known == open_.end()) return;
    known->second.single.comm = event.actor.comm;
    if (change.at_exit) put(left_, known->second);
    open_.erase(known);
    if (left_.size() > 2 * kMaxGroups) forget_small_ones();
}

Leaks::Open Leaks::describe(const Event& event, const DescriptorChange& change) {
    const Descriptor& descriptor = change.descriptor;
    const Actor& actor = event.actor;
    return {{actor.number, descriptor.type, alike_part(descriptor)},
            {actor.pid, actor.comm, descriptor.type, shown_name(descriptor), 1, event.at,
             change.fd_limit}};
}

void Leaks::note_name(const Event& event, const DescriptorChange& change) {
    const auto known = open_.find(change.descriptor.id);
    if (known == open_.end()) return;
    Open open = describe(event, change);
    open.single.first_seen = known->second.single.first_seen;
    open.single.fd_limit = known->second.single.fd_limit;
    known->second = std::move(open);
}

void Leaks::put(Groups& groups, const Open& open) {
    const auto [at, is_new] = groups.try_emplace(open.key, open.single);
    if (is_new) return;
    LeakGroup& group = at->second;
    const LeakGroup& one = open.single;
    ++group.count;
    if (group.name != one.name) {
        const auto& alike = std::get<std::string>(open.key);
        group.name = alike.empty() ? std::string(to_string(one.type)) : alike;
    }
    const bool older = one.first_seen.steady < group.first_seen.steady;
    if (older) group.first_seen = one.first_seen;
    // If the limit was changed, the newest counts.
    if (!older && one.fd_limit) group.fd_limit = one.fd_limit;
}

/// Forgets the oldest: the keys are in the order in which the processes came.
void Leaks::forget_small_ones() {
    for (auto at = left_.begin(); at != left_.end() && left_.size() > kMaxGroups;) {
        if (is_leak(at->second)) {
            ++at;
            continue;
        }
        at = left_.erase(at);
        ++forgotten_;
    }
}

std::vector<LeakGroup> Leaks::groups() const {
    Groups all = left_;
    for (const auto& [id, open] : open_) put(all, open);
    std::vector<LeakGroup> list;
    for (auto& [key, group] : all) list.push_back(std::move(group));
    std::sort(list.begin(), list.end(), [](const LeakGroup& a, const LeakGroup& b) {
        return std::tie(b.count, a.pid, a.type, a.name) < std::tie(a.count, b.pid, b.type, b.name);
    });
    return list;
}

bool Leaks::leaked() const {
    const auto list = groups();
    return std::any_of(list.begin(), list.end(), [this](const auto& g) { return is_leak(g); });
}

}  // namespace logfia
