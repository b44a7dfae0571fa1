#pragma once

#include <logfia/descriptor/ledger.hpp>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace logfia {

/// Names the processes at the other ends of unix sockets: those whose tables have them, at each
/// time, by what was told until then.
class PeerNames {
  public:
    /// A descriptor of the socket with that inode, in the table of `owner`, which stays where it is
    /// until closed() is called. `slot` is absent for one that the ledger does not know.
    void opened(std::uint64_t id, std::uint64_t inode, DescriptorOwner& owner,
                std::optional<std::uint32_t> slot);
    /// The two sockets are connected with each other.
    void connected(std::uint64_t inode, std::uint64_t other);
    /// To be called before the ledger forgets it.
    void closed(std::uint64_t id);

  private:
    struct Holder {
        std::uint64_t id;
        DescriptorOwner* owner;
        std::optional<std::uint32_t> slot;
    };
    struct Socket {
        std::uint64_t other = 0;  // the inode of its other end
        std::vector<Holder> holders{};
    };
    void name_both(const Socket& socket);
    static void name(const Socket& socket, const Socket& other);

    std::unordered_map<std::uint64_t, Socket> sockets_;        // by the inode
    std::unordered_map<std::uint64_t, std::uint64_t> inodes_;  // by the descriptor's id
};

}  // namespace logfia
