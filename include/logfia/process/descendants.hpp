#pragma once

#include <logfia/procfs/proc_root.hpp>

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace logfia {

struct Descendant {
    pid_t pid = 0;
    std::string comm;  ///< any bytes; 15 at most (proc_pid_comm(5))
};

/// The most descendants that are looked for: there may be more than anybody wants to wait for.
constexpr std::size_t kMostDescendants = 100;

/// The living descendants of a process as procfs shows them, the nearest first. Empty also when the
/// kernel has no `children` files (proc_pid_tid_children(5)).
std::vector<Descendant> descendants_of(const ProcRoot& root, pid_t ancestor);

/// `sleep[4711], cat[4712] (and 2 more)`: the first few of them, and how many there are.
std::string short_list(std::span<const Descendant> descendants);

}  // namespace logfia
