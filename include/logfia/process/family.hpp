#pragma once

#include <logfia/process/origin.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace logfia {

/// Remembers which processes are followed, and who is whose parent, as far as the connector has
/// reported.
class Family {
  public:
    /// Follows a process, which replaces any process that had the number before.
    void follow(pid_t pid, pid_t parent) { add(pid, parent, true); }
    /// Remembers a process that is not followed as somebody's parent.
    void note(pid_t pid, pid_t parent) { add(pid, parent, false); }
    /// `start_time` is in clock ticks since boot, and tells a recycled PID.
    void set_start(pid_t pid, std::uint64_t start_time);
    void forget(pid_t pid) { members_.erase(pid); }
    /// Notes that the process is watched, or was counted as missed. False when that was noted
    /// before, or nothing was told of the process.
    bool settle(pid_t pid);

    [[nodiscard]] bool follows(pid_t pid) const;
    /// 0: not known, or, with a `start_time`, only known of another process that had the number.
    [[nodiscard]] pid_t parent_of(pid_t pid, std::uint64_t start_time = 0) const;
    /// Parent first; empty when nothing was told of the process.
    [[nodiscard]] std::vector<Ancestor> ancestors_of(pid_t pid) const;
    [[nodiscard]] std::size_t size() const { return members_.size(); }

    /// Keeps those of which `lives(pid, start_time)` is true; a start time of 0 is not known.
    template <class Lives>
    void keep_if(Lives lives) {
        std::erase_if(members_, [&](const auto& member) {
            return !lives(member.first, member.second.start_time);
        });
        limit_ = 2 * members_.size() + kFew;
    }
    /// True when so many have come since the last keep_if() that another call is due: not every end
    /// is reported.
    [[nodiscard]] bool is_crowded() const { return members_.size() > limit_; }

  private:
    static constexpr std::size_t kFew = 4096;
    /// An ancestor. `number`, our own for that process, tells whether its PID was given again
    /// meanwhile; 0: the process was there before all that was told.
    struct Forebear {
        pid_t pid = 0;
        std::uint64_t number = 0;
    };
    struct Member {
        std::uint64_t number = 0;
        std::vector<Forebear> line{};  // the parent first; some may have ended since
        std::uint64_t start_time = 0;
        bool followed = false;
        bool settled = false;
    };
    [[nodiscard]] std::uint64_t number_of(pid_t pid) const;
    void add(pid_t pid, pid_t parent, bool followed);

    std::unordered_map<pid_t, Member> members_;
    std::size_t limit_ = kFew;
    std::uint64_t last_number_ = 0;
};

}  // namespace logfia
