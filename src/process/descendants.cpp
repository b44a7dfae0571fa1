#include <logfia/process/descendants.hpp>
#include <logfia/process/process_list.hpp>
#include <logfia/procfs/children.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace logfia {

std::vector<Descendant> descendants_of(const ProcRoot& root, pid_t ancestor) {
    std::vector<Descendant> found;
    std::vector<pid_t> pids;
    append_children(root, ancestor, pids);
    for (std::size_t i = 0; i < pids.size() && found.size() < kMostDescendants; ++i) {
        const pid_t pid = pids[i];
        const auto facts = read_facts(root, pid);
        if (!facts || facts->zombie) continue;
        found.push_back({pid, facts->comm});
        append_children(root, pid, pids);
    }
    return found;
}

std::string short_list(std::span<const Descendant> descendants) {
    constexpr std::size_t kNamed = 3;
    const std::size_t named = std::min(descendants.size(), kNamed);
    std::string list;
    for (const Descendant& one : descendants.first(named))
        fmt::format_to(std::back_inserter(list), "{}{}[{}]", list.empty() ? "" : ", ", one.comm,
                       one.pid);
    if (descendants.size() > named)
        fmt::format_to(std::back_inserter(list), " (and {}{} more)",
                       descendants.size() >= kMostDescendants ? "at least " : "",
                       descendants.size() - named);
    return list;
}

}  // namespace logfia
