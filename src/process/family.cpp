#include <logfia/process/family.hpp>

#include <utility>

namespace logfia {

void Family::add(pid_t pid, pid_t parent, bool followed) {
    // The longest line of ancestors: PIDs that were given again could make it endless.
    constexpr std::size_t kLongest = 64;
    Member member;
    if (parent > 0) {
        member.line.push_back({parent, number_of(parent)});
        if (const auto at = members_.find(parent); at != members_.end())
            for (const Forebear& one : at->second.line)
                if (member.line.size() < kLongest) member.line.push_back(one);
    }
    member.number = ++last_number_;
    member.followed = followed;
    members_.insert_or_assign(pid, std::move(member));
}

void Family::set_start(pid_t pid, std::uint64_t start_time) {
    const auto at = members_.find(pid);
    if (at != members_.end()) at->second.start_time = start_time;
}

bool Family::settle(pid_t pid) {
    const auto at = members_.find(pid);
    return at != members_.end() && !std::exchange(at->second.settled, true);
}

bool Family::follows(pid_t pid) const {
    const auto at = members_.find(pid);
    return at != members_.end() && at->second.followed;
}

pid_t Family::parent_of(pid_t pid, std::uint64_t start_time) const {
    const auto at = members_.find(pid);
    if (at == members_.end() || at->second.line.empty()) return 0;
    const std::uint64_t known = at->second.start_time;
    const bool is_other = start_time != 0 && known != 0 && known != start_time;
    return is_other ? 0 : at->second.line.front().pid;
}

std::uint64_t Family::number_of(pid_t pid) const {
    const auto at = members_.find(pid);
    return at == members_.end() ? 0 : at->second.number;
}

std::vector<Ancestor> Family::ancestors_of(pid_t pid) const {
    std::vector<Ancestor> ancestors;
    const auto at = members_.find(pid);
    if (at == members_.end()) return ancestors;
    for (const Forebear& one : at->second.line)
        ancestors.push_back({one.pid, number_of(one.pid) == one.number});
    return ancestors;
}

}  // namespace logfia
