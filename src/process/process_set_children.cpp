// Finds children that the connector does not report, by listing them.

#include <logfia/process/process_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

// Reading each process's parent costs about 6 us a process: keep that near 5 % of a CPU.
constexpr Duration kPauseForEachParent = std::chrono::microseconds(100);

}  // namespace

bool ProcessSet::adopt_children(NoticeSink& sink) {
    if (!wanted_.follow || !wanted_.waits || events_) return false;
    watcher_.collect_looked_at(parents_);
    for (const pid_t parent : unlisted_)
        if (is_watched(parent)) parents_.push_back(parent);
    unlisted_.clear();
    if (wanted_.orphans_are_ours) parents_.push_back(self_);
    std::sort(parents_.begin(), parents_.end());
    parents_.erase(std::unique(parents_.begin(), parents_.end()), parents_.end());
    bool added = false;
    for (const pid_t parent : parents_) {
        if (list_children(parent, sink) == ChildrenListing::State::unsupported)
            parents_to_ask_ = true;
        for (const pid_t child : listed_) {
            if (is_watched(child) || pending_.contains(child)) continue;
            added = adopt(child, parent, sink) || added;
        }
    }
    if (!parents_to_ask_ || now_ < next_scan_for_parents_) return added;
    return adopt_by_parents(sink) || added;
}

/// Adopts the children that were there before us, and their children.
void ProcessSet::add_descendants(NoticeSink& sink) {
    descendants_missing_ = false;
    unlisted_.clear();
    std::vector<pid_t> parents = watcher_.pids();
    while (!parents.empty()) {
        const pid_t parent = parents.back();
        parents.pop_back();
        const auto state = list_children(parent, sink);
        if (state == ChildrenListing::State::failed) try_descendants_again();
        if (state == ChildrenListing::State::unsupported) {
            adopt_by_parents(sink);
            return;
        }
        for (const pid_t child : std::exchange(listed_, {})) {
            if (is_watched(child)) continue;
            if (!pending_.contains(child)) adopt(child, parent, sink);
            parents.push_back(child);
        }
    }
}

void ProcessSet::try_descendants_again() {
    descendants_missing_ = true;
    next_scan_ = std::max(next_scan_, now_ + kPauseAfterFailure);
}

/// Fills `listed_`. Children that cannot be listed just now will be later.
ChildrenListing::State ProcessSet::list_children(pid_t parent, NoticeSink& sink) {
    listed_.clear();
    const ChildrenListing listing = append_children(root_, parent, listed_);
    if (listing.state == ChildrenListing::State::unsupported) notices_.no_children_files(sink);
    if (listing.state == ChildrenListing::State::failed) {
        unlisted_.push_back(parent);
        notices_.unlisted(
            {"list", fmt::format("the children of process {}", parent), listing.error, {}}, sink);
    }
    return listing.state;
}

/// Finds children where the kernel lists none: each process still tells its parent.
bool ProcessSet::adopt_by_parents(NoticeSink& sink) {
    listed_.clear();
    parents_to_ask_ = false;
    if (const auto listing = list_processes(root_, listed_);
        listing.state == ProcessListing::State::failed) {
        try_descendants_again();
        notices_.unlisted({"list", "all processes", listing.error, {}}, sink);
    }
    next_scan_for_parents_ =
        now_ + std::max<Duration>(interval_.duration(),
                                  kPauseForEachParent * static_cast<Duration::rep>(listed_.size()));
    std::vector<ProcessFacts> strangers;
    for (const pid_t pid : listed_) {
        if (pid == self_ || is_watched(pid) || pending_.contains(pid)) continue;
        if (auto facts = read_facts(root_, pid)) strangers.push_back(std::move(*facts));
    }
    // A child may have a lower number than its parent: repeat until no more are found.
    bool added = false;
    for (bool more = true; std::exchange(more, false);) {
        std::erase_if(strangers, [&](const ProcessFacts& one) {
            if (!has_parent_here(one)) return false;
            added = adopt(one.pid, one.parent, sink) || added;
            return more = true;
        });
    }
    return added;
}

}  // namespace logfia
