#pragma once

#include <logfia/base/clock.hpp>

#include <cstddef>

namespace logfia {

/// Limits how many name changes are heard: a process may rename itself without end, a million times
/// a second (measured), and listening to all of them would take all our time. Beyond some thousand
/// in a second, none is heard for a while.
class NameFlood {
  public:
    static constexpr std::size_t kMostInASecond = 2000;
    static constexpr Duration kRest = std::chrono::seconds(10);

    /// `names` more changes have been heard. True when the next ones should be heard too.
    bool may_hear(std::size_t names, SteadyTime now);

  private:
    bool hears_ = true;
    std::size_t heard_ = 0;
    SteadyTime until_{};  ///< the end of this second, or of the rest
};

}  // namespace logfia
