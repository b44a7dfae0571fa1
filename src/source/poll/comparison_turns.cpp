#include <logfia/source/poll/comparison_turns.hpp>

#include <algorithm>
#include <utility>

namespace logfia {

void ComparisonTurns::begin_look(int most, pid_t highest) {
    most_ = left_ = most;
    if (std::exchange(used_, false)) from_ = std::exchange(next_, 0);
    if (highest < from_) from_ = 0;
}

int ComparisonTurns::claim(pid_t pid) {
    used_ = true;
    const int kept_for_others = pid < from_ ? most_ - most_ / 8 : 0;
    if (left_ == 0 && pid >= from_ && next_ == 0) next_ = pid;
    return std::max(left_ - kept_for_others, 0);
}

}  // namespace logfia
