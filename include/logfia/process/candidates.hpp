#pragma once

#include <logfia/base/clock.hpp>

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

namespace logfia {

/// Processes that are not wanted, and may come to be: by the name that an exec gives them, for
/// example. Each is judged again after a pause, which doubles.
class Candidates {
  public:
    /// A process may be anything a moment after its start, when it has forked and not yet called
    /// exec.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(1);
    static constexpr Duration kLongestPause = std::chrono::seconds(1);

    /// Calls `is_unwanted(pid)` for each of the `listed` PIDs (ascending) that is new or whose
    /// time has come. Those for which it returns true are kept as candidates; candidates that are
    /// not listed are forgotten.
    template <class IsUnwanted>
    void judge(std::span<const pid_t> listed, SteadyTime now, IsUnwanted is_unwanted) {
        next_.clear();
        auto known = candidates_.begin();
        for (const pid_t pid : listed) {
            while (known != candidates_.end() && known->pid < pid) ++known;
            const bool is_known = known != candidates_.end() && known->pid == pid;
            Candidate candidate = is_known ? *known : Candidate{pid, now, kFirstPause};
            if (now >= candidate.due) {
                if (!is_unwanted(pid)) continue;
                candidate.due = now + candidate.pause;
                candidate.pause = std::min(2 * candidate.pause, kLongestPause);
            }
            next_.push_back(candidate);
        }
        candidates_.swap(next_);
    }

  private:
    struct Candidate {
        pid_t pid;
        SteadyTime due;  // to be judged again
        Duration pause;
    };

    std::vector<Candidate> candidates_;  // by PID
    std::vector<Candidate> next_;        // as of this judging; kept for its memory
};

}  // namespace logfia
