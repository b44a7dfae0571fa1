#pragma once

#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace logfia {

/// Watched processes by PID, with those that have ended.
using WatchedProcesses = std::span<const std::unique_ptr<WatchedProcess>>;

/// Says which descriptors of the watched processes are of a socket. Made anew for each look that
/// needs it, and only of the sockets that are wanted in it: an index of all known sockets would
/// have to be updated at each open and each close.
class HolderIndex {
  public:
    struct Holder {
        std::uint64_t inode = 0;
        WatchedProcess* process = nullptr;
        std::uint32_t slot = 0;
    };

    /// A socket of this inode will be looked for.
    void want(std::uint64_t inode) { wanted_.push_back(inode); }
    enum class Closed : std::uint8_t {
        left_out,
        included,  ///< what was closed in this look too
    };
    /// Finds the descriptors of all that is wanted.
    void build(WatchedProcesses processes, Closed closed);
    /// By process.
    [[nodiscard]] std::span<const Holder> of(std::uint64_t inode) const;
    /// Forgets all of it.
    void clear();

  private:
    std::vector<std::uint64_t> wanted_;
    std::vector<Holder> holders_;  // by inode, then by process
};

/// True when `slot` is of a descriptor that is open.
bool is_open(const WatchedProcess& watched, std::uint32_t slot);

}  // namespace logfia
