#pragma once

#include <logfia/descriptor/ancestry.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/watch_list.hpp>

namespace logfia {

/// The tables that a new process can have inherited from, as far as its ancestors are known:
/// whatever is in none of them, the process has opened itself. The result must not outlive
/// `processes`.
Ancestry trace_ancestry(const ProcRoot& root, const WatchedProcess& watched,
                        const WatchList& processes);

}  // namespace logfia
