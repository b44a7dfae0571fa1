#include <logfia/descriptor/ancestry.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace logfia {

void Ancestry::add(const ProcRoot& root, pid_t pid, bool lives, const FdSnapshot* last_seen) {
    tables_.emplace_back(root, lives ? pid : 0, last_seen);
    // Orphans are given to PID 1, from which they have inherited nothing.
    known_ = known_ || last_seen != nullptr || (tables_.back().is_open() && pid != 1);
}

bool Ancestry::is_inherited(pid_t child, int fd, std::string_view name) const {
    if (name.starts_with("pipe:[")) return true;
    if (!known_ && fd <= STDERR_FILENO) return true;
    return std::any_of(tables_.begin(), tables_.end(), [&](const ParentTable& table) {
        return table.is_inherited(child, fd, name);
    });
}

void PastTables::keep(pid_t pid, FdSnapshot table) {
    forget(pid);
    if (table.entries().size() > kMostDescriptors) return;
    if (tables_.size() < kMost) {
        tables_.push_back(Past{pid, std::move(table)});
        return;
    }
    tables_[oldest_] = Past{pid, std::move(table)};
    oldest_ = (oldest_ + 1) % kMost;
}

void PastTables::keep_for_good(pid_t pid, FdSnapshot table) {
    for_good_ = Past{pid, std::move(table)};
}

void PastTables::forget(pid_t pid) {
    for (Past& one : tables_)
        if (one.pid == pid) one.pid = 0;
    if (for_good_.pid == pid) for_good_ = {};
}

const FdSnapshot* PastTables::find(pid_t pid) const {
    if (pid <= 0) return nullptr;
    if (for_good_.pid == pid) return &for_good_.table;
    const auto at = std::find_if(tables_.begin(), tables_.end(),
                                 [pid](const auto& one) { return one.pid == pid; });
    return at == tables_.end() ? nullptr : &at->table;
}

}  // namespace logfia
