#include <logfia/proc/family.hpp>

namespace logfia {

void Family::add(pid_t pid, pid_t parent, bool followed) {
    members_.insert_or_assign(pid, Member{parent, 0, followed});
}

void Family::set_start(pid_t pid, std::uint64_t start_time) {
    const auto at = members_.find(pid);
    if (at != members_.end()) at->second.start_time = start_time;
}

bool Family::follows(pid_t pid) const {
    const auto at = members_.find(pid);
    return at != members_.end() && at->second.followed;
}

pid_t Family::parent_of(pid_t pid) const {
    const auto at = members_.find(pid);
    return at == members_.end() ? 0 : at->second.parent;
}

}  // namespace logfia
