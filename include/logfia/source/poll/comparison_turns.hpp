#pragma once

#include <sys/types.h>

namespace logfia {

/// Shares out the comparisons that one look may make among the processes, which are looked at in
/// the order of their PIDs. The first process that gets none has its turn in the next look: seven
/// eighths of that look's comparisons are kept for it, and the processes with lower PIDs share the
/// eighth. So a process waits for at most as many looks that make comparisons as there are
/// processes that each use up those of a look.
class ComparisonTurns {
  public:
    /// `highest`: the PID of the last process there is.
    void begin_look(int most, pid_t highest);

    /// Claims a turn for a process that wants comparisons, and returns how many it may make now. A
    /// process that may make none, because no more are left, comes first in the next look.
    int claim(pid_t pid);
    void spend_one() { --left_; }
    [[nodiscard]] int spent() const { return most_ - left_; }  ///< in this look

    /// True for the process whose turn it is, which gets as many comparisons as any process can in
    /// this look. To be called before it makes any.
    [[nodiscard]] bool is_first(pid_t pid) const {
        return pid == from_ || (pid > from_ && left_ == most_);
    }

  private:
    int most_ = 0;
    int left_ = 0;
    pid_t from_ = 0;     // the process whose turn it is; those below had theirs
    pid_t next_ = 0;     // the process whose turn it is in the next look; 0: the lowest
    bool used_ = false;  // by anybody, in this look: else the turn stays whose it is
};

}  // namespace logfia
