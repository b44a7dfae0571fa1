#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>

namespace logfia {

/// A pass over the processes that are watched.
struct Look {
    Now now;                   ///< when it began
    std::uint32_t number = 0;  ///< grows by one with each look; may wrap around
};

}  // namespace logfia
