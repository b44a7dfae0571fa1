#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/process/origin.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace logfia {

/// A process that is wanted and cannot be watched yet.
struct PendingProcess {
    enum class Why : std::uint8_t {
        denied,   ///< the user may not look into it
        lacking,  ///< we lack descriptors or memory
        ended,    ///< a zombie, which is asked seldom whether it is gone
    };
    enum class Wanted : std::uint8_t {
        yes,
        undecided,  ///< whether it is wanted could not be read
    };
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< 0: could not be read
    Why why = Why::denied;
    Wanted wanted = Wanted::yes;
    Origin origin{};  ///< as it will be watched
};

/// Processes to be tried again, with growing pauses, as long as they live.
class PendingProcesses {
  public:
    enum class Retry : std::uint8_t {
        by_time,
        on_news,  ///< the connector tells what could change it
    };

    /// The next try comes after twice the last pause. True when nothing was known of this process
    /// for this reason.
    bool put(PendingProcess process, SteadyTime now, Retry retry);
    /// Puts the next try off for the same reason as before; does nothing for one that is not
    /// pending.
    void put_off(pid_t pid, SteadyTime now);
    void erase(pid_t pid) { entries_.erase(pid); }

    [[nodiscard]] std::optional<PendingProcess> find(pid_t pid) const;
    [[nodiscard]] bool contains(pid_t pid) const { return entries_.contains(pid); }
    [[nodiscard]] std::size_t count(PendingProcess::Why why) const;

    /// Appends the processes whose time has come, which stay pending.
    void copy_due(SteadyTime now, std::vector<PendingProcess>& out);
    /// Makes all of them due: rights and even numbers may have changed.
    void retry_all();

  private:
    struct Entry {
        PendingProcess process;
        Duration pause{};
        SteadyTime next{};
    };
    void pause(Entry& entry, SteadyTime now);

    std::unordered_map<pid_t, Entry> entries_;
    SteadyTime next_ = SteadyTime::max();  ///< not after any of the entries'
};

}  // namespace logfia
