#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/stall.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace logfia {

/// Asks files what they are, on a thread that may be kept waiting: by the time that a descriptor is
/// asked, it may be another file than its fdinfo told, on a filesystem that does not answer. All
/// questions about one process go together, since each handing over costs two switches.
class FileAsker {
  public:
    /// Asks `root` as long as it is open.
    explicit FileAsker(const ProcRoot& root);

    /// False for a while after one of its files has kept us waiting, and as long as a thread of
    /// ours still waits for one of them: it would only be joined by another one.
    [[nodiscard]] bool may_ask(const Process& process, SteadyTime now) const;
    /// Gives the number of the question, until answer() is called the next time.
    std::size_t add(const Process& process, int fd);
    void answer(const Process& process, SteadyTime now);
    [[nodiscard]] const BlockingRequest& operator[](std::size_t number) const {
        return requests_[number];
    }
    void clear() { requests_.clear(); }
    /// Says, once each time, what the user should know; null when there is nothing new.
    const char* new_notice();
    /// The process has ended.
    void forget(const Process& process) { stalls_.erase(&process); }

  private:
    int proc_fd_;
    UniqueFd own_links_;
    BlockingAsker asker_;
    bool exhaustion_told_ = false;
    std::vector<BlockingRequest> requests_;
    std::uint64_t turn_ = 1;  // of asking, as the owner of its questions: never the same again
    struct Stalled {
        Stall stall;
        std::uint64_t turn = 0;  // in which it was noticed last
    };
    std::unordered_map<const Process*, Stalled> stalls_;
};

}  // namespace logfia
