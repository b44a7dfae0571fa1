#pragma once

#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <vector>

namespace logfia {

/// Asks what epolls watch, by reading their fdinfo, for which the kernel may block the reader
/// (BlockingAsker).
class EpollTargets {
  public:
    explicit EpollTargets(BlockingAsker& asker) : asker_(asker) {}

    /// An epoll whose targets are wanted.
    void ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Answers everything that was asked since the last call, and fills in the known descriptors.
    void answer(const ProcRoot& root, SteadyTime now);

  private:
    struct Pending {
        WatchedProcess* process;
        std::uint32_t slot;
    };
    static void use(const Pending& pending, BlockingRequest& request, SteadyTime now);

    BlockingAsker& asker_;
    std::vector<Pending> pending_;
    std::vector<BlockingRequest> requests_;
};

}  // namespace logfia
