#pragma once

#include <logfia/source/poll/watched_process.hpp>

#include <unordered_map>
#include <vector>

namespace logfia {

/// The pidfds of the processes that are watched and have not ended: readable once they have
/// (pidfd_open(2)).
class Pidfds {
  public:
    /// Does nothing for a process without one. The process stays at its address until remove().
    void add(WatchedProcess& owner);
    void remove(const WatchedProcess& owner);

    /// Returns those that were added since the last call and not removed.
    [[nodiscard]] std::vector<int> collect_new();
    [[nodiscard]] bool contains(int fd) const { return owners_.contains(fd); }
    /// Null: it is none of them.
    [[nodiscard]] WatchedProcess* owner_of(int fd) const;

  private:
    std::unordered_map<int, WatchedProcess*> owners_;
    std::vector<int> new_;
};

}  // namespace logfia
