#pragma once

#include <logfia/socket/unix_diag.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace logfia {

/// Remembers which unix sockets are connected with each other, as long as one of the two has a
/// descriptor that is known. Asks the kernel about each connection once; not any more where there
/// are so many sockets that it would take long to answer.
class UnixEnds {
  public:
    /// A descriptor of the socket with that inode; nothing new where `id` is known.
    void add(std::uint64_t id, std::uint64_t inode);
    void remove(std::uint64_t id);
    /// The two sockets, one of which was added, are connected with each other.
    void connect(std::uint64_t inode, std::uint64_t other);
    /// True of a socket that has a known descriptor, or is the other end of one.
    [[nodiscard]] bool contains(std::uint64_t inode) const { return ends_.contains(inode); }
    [[nodiscard]] bool empty() const { return ends_.empty(); }

    enum class Asking : std::uint8_t { needless, allowed };
    /// The inode of the other end of a socket that was added; 0: not known.
    std::uint64_t other_end(std::uint64_t inode, Asking asking);

  private:
    /// The kernel walks through all of the machine's (UnixDiag): 25 µs for so many.
    static constexpr std::size_t kMostSockets = 1000;
    struct End {
        std::uint64_t other = 0;
        std::uint32_t descriptors = 0;
    };
    UnixDiag diag_;
    std::unordered_map<std::uint64_t, End> ends_;              // by the inode
    std::unordered_map<std::uint64_t, std::uint64_t> inodes_;  // by the descriptor's id
};

}  // namespace logfia
