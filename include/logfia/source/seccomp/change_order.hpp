#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/source/seccomp/change.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace logfia {

/// Puts changes into the order of time: what a call has done is known only at its caller's next
/// call, while others go on.
class ChangeOrder {
  public:
    void add(Change change);
    /// The next change in the order of time, unless an earlier one may still come: none that is
    /// added later happened before `settled_until`. Times of changes that come out never go back.
    std::optional<Change> take(SteadyTime settled_until);
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

  private:
    struct Waiting {
        std::uint64_t number;  // in the order of add()
        Change change;
    };
    static bool comes_after(const Waiting& a, const Waiting& b);

    std::vector<Waiting> waiting_;  // a heap, the earliest first
    std::uint64_t added_ = 0;
    Now last_{};
};

}  // namespace logfia
