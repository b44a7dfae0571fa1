#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace logfia {

/// A descriptor that a process was started with.
struct GivenFd {
    int fd = -1;
    std::string name;  ///< the kernel's link
};

/// From whom a process is descended.
struct Ancestor {
    pid_t pid = 0;
    bool lives = false;  ///< false: the number may be another's by now
};

/// How a process came to be watched, which tells what was open in it `initial`ly.
struct Birth {
    enum class When : std::uint8_t {
        before,  ///< it runs already: all that its first look sees
        during,  ///< its start was noticed: what its parent has at that number under that name
        by_us,   ///< it waits for its exec: what it is `given`, and nothing else is to be seen yet
    };
    When when = When::before;
    std::vector<Ancestor> ancestors{};  ///< `during`: its parent first; as far as they are known
    std::vector<GivenFd> given{};       ///< `by_us`
};

}  // namespace logfia
