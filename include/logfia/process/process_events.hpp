#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// The kernel's news of a process (never of a thread).
struct ProcessEvent {
    enum class Kind : std::uint8_t { fork, exec, comm, exit };

    Kind kind = Kind::fork;
    pid_t pid = 0;     ///< `fork`: the child's
    pid_t parent = 0;  ///< `fork`
    /// `comm`: the new name (prctl(2), /proc/N/comm), up to its NUL. An exec is reported without a
    /// name.
    std::array<char, 16> comm{};
    /// `exit`: as waitpid(2) gives it; of the first thread, which may end before the others.
    std::optional<int> exit_code{};

    [[nodiscard]] std::string_view name() const {
        return {comm.data(),
                static_cast<std::size_t>(std::find(comm.begin(), comm.end(), '\0') - comm.begin())};
    }

    bool operator==(const ProcessEvent&) const = default;
};

/// News of processes, in their order, from the time on that this was made.
class ProcessEvents {
  public:
    virtual ~ProcessEvents() = default;

    /// Readable when something has come; stays this object's.
    [[nodiscard]] virtual int fd() const = 0;

    enum class Reading : std::uint8_t {
        complete,    ///< nothing else has come
        more,        ///< the rest is still there
        overflowed,  ///< some were dropped, since they were not read in time; those before them may
                     ///< still be there
    };
    /// Appends some of what has come, a bounded number. Never waits.
    virtual Reading read(std::vector<ProcessEvent>& out) = 0;

    /// False: nothing need be told of new names from now on.
    virtual void hear_names(bool hear) = 0;
};

}  // namespace logfia
