#pragma once

#include <logfia/base/clock.hpp>

#include <cstddef>

namespace logfia {

/// A process may give itself new names without end, a million in a second (measured): whoever heard
/// of each would do nothing else. Beyond some thousand in a second none is heard of for a while.
class NameFlood {
  public:
    static constexpr std::size_t kMostInASecond = 2000;
    static constexpr Duration kRest = std::chrono::seconds(10);

    /// `names` more have been heard. True when the next ones should be.
    bool may_hear(std::size_t names, SteadyTime now);

  private:
    bool hears_ = true;
    std::size_t heard_ = 0;
    SteadyTime until_{};  ///< the end of this second, or of the rest
};

}  // namespace logfia
