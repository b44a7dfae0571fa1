#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

/// The processes that are to be watched.
struct WantedProcesses {
    std::vector<pid_t> pids;
    std::vector<std::string> names;      ///< shell patterns
    std::vector<std::string> not_names;  ///< likewise, of those that are not meant; they win
    std::optional<uid_t> user;           ///< of those by name, and of all
    bool all = false;                    ///< every one that may be looked into
    bool follow = false;                 ///< descendants too
    bool waits = true;                   ///< for those that come later
    bool orphans_are_ours = false;       ///< orphaned descendants become our children (prctl(2))

    /// Processes that come later may have to be found by their names.
    [[nodiscard]] bool by_name() const { return all || !names.empty(); }
    /// How many processes to have descriptors for (DescriptorBudget).
    [[nodiscard]] std::size_t expected() const {
        // As many as may come: the limit of open files sets the bound.
        constexpr std::size_t kMany = 100'000;
        return by_name() || follow ? kMany : pids.size();
    }
};

}  // namespace logfia
