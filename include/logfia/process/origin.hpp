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

/// How a process came to be watched, which tells which of its descriptors are `initial`.
struct Origin {
    enum class Start : std::uint8_t {
        before_watch,  ///< the process ran already: `initial` is all that its first look sees
        during_watch,  ///< `initial` is what it has inherited from its ancestors
        launched,      ///< started by us, and waits for its exec: `initial` is what it was given,
                       ///< and nothing else is its own yet
    };
    Start start = Start::before_watch;
    std::vector<Ancestor> ancestors{};  ///< `during_watch`: its parent first; as far as known
    std::vector<GivenFd> given{};       ///< `launched`
    bool excludable = false;  ///< found by a rule (a name, its parent), to which `--not-name` is
                              ///< the exception; false: a user has named the process itself
};

}  // namespace logfia
