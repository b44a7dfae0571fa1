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

/// Asks files what they are, on a thread that may be blocked: between fdinfo and the question, the
/// number may be given to a file on a filesystem that does not answer. All questions about one
/// process go together, since each hand-over costs two context switches.
class FileAsker {
  public:
    enum class Handles : std::uint8_t { left_out, wanted };
    /// Asks `root` as long as it is open.
    FileAsker(const ProcRoot& root, Handles handles);

    /// False for a while after a file of the process has blocked a question, and as long as a
    /// thread is still blocked by one: another thread would only be blocked too.
    [[nodiscard]] bool may_ask(const Process& process, SteadyTime now) const;
    /// Gives the number of the question, until answer() is called the next time.
    std::size_t add(const Process& process, int fd);
    void answer(const Process& process, SteadyTime now);
    [[nodiscard]] const BlockingRequest& operator[](std::size_t number) const {
        return requests_[number];
    }
    void clear() { requests_.clear(); }
    /// A line for the user, returned once whenever the problem begins; null when there is nothing
    /// new.
    const char* new_notice();
    /// The process has ended.
    void forget(const Process& process) { stalls_.erase(&process); }

  private:
    int proc_fd_;
    Handles handles_;
    UniqueFd own_links_;
    BlockingAsker asker_;
    bool exhaustion_told_ = false;
    std::vector<BlockingRequest> requests_;
    std::uint64_t turn_ = 1;  // counts the rounds of questions; a round owns its questions, and its
                              // number is never reused
    struct Stalled {
        Stall stall;
        std::uint64_t turn = 0;  // in which it was noticed last
    };
    std::unordered_map<const Process*, Stalled> stalls_;
};

}  // namespace logfia
