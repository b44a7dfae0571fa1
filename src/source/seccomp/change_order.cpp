#include <logfia/source/seccomp/change_order.hpp>

#include <algorithm>

namespace logfia {

bool ChangeOrder::comes_after(const Waiting& a, const Waiting& b) {
    if (a.change.at.steady != b.change.at.steady) return b.change.at.steady < a.change.at.steady;
    return b.number < a.number;
}

void ChangeOrder::add(Change change) {
    waiting_.push_back({added_++, std::move(change)});
    std::push_heap(waiting_.begin(), waiting_.end(), comes_after);
}

std::optional<Change> ChangeOrder::take(SteadyTime settled_until) {
    if (waiting_.empty() || waiting_.front().change.at.steady > settled_until) return std::nullopt;
    std::pop_heap(waiting_.begin(), waiting_.end(), comes_after);
    Change change = std::move(waiting_.back().change);
    waiting_.pop_back();
    if (change.at.steady < last_.steady) change.at = last_;
    last_ = change.at;
    return change;
}

}  // namespace logfia
