#pragma once

#include <logfia/socket/socket_query.hpp>
#include <logfia/source/poll/holder_index.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace logfia {

/// Finds another descriptor of a socket among all known descriptors: at the same number in the
/// parent of its process, else anywhere. Used once per look: begin(), then what will be looked for,
/// then find() for each, then end().
class SocketHolders {
  public:
    /// `turn`: of QuestionTurns.
    void begin(WatchedProcesses processes, std::uint32_t turn);
    /// A socket of this inode will be looked for.
    void will_find(std::uint64_t inode) { index_.want(inode); }
    /// A descriptor that is not answered in this look: what is known of it is old, and find()
    /// prefers any other.
    void add_unanswered(const WatchedProcess& process, std::uint32_t slot) {
        unanswered_.emplace_back(process.actor.number, slot);
    }
    /// The socket as known from another descriptor, an up-to-date one if there is any.
    std::optional<SharedSocket> find(const WatchedProcess& process, std::uint32_t slot,
                                     std::uint64_t inode);
    void end();

  private:
    using Holder = HolderIndex::Holder;
    [[nodiscard]] std::optional<Holder> parent_of(const WatchedProcess& process, int fd,
                                                  std::uint64_t inode) const;
    [[nodiscard]] std::optional<Holder> any_but(const WatchedProcess& process, std::uint32_t slot,
                                                std::uint64_t inode) const;
    [[nodiscard]] bool is_up_to_date(const Holder& holder) const;

    WatchedProcesses processes_;
    std::uint32_t turn_ = 0;
    bool sorted_ = false;
    bool indexed_ = false;
    HolderIndex index_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> unanswered_;  // process, slot
};

}  // namespace logfia
