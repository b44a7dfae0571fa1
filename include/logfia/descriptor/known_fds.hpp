#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/file_identity.hpp>
#include <logfia/event/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace logfia {

/// Remembers one open descriptor until its `close`.
struct KnownFd {
    Descriptor descriptor;
    FileIdentity identity;
    Now opened;
    bool initial = false;
    bool inherited = false;           ///< from its process's parent
    bool untold = false;              ///< nothing is told of it
    bool asked_at_close = false;      ///< of a socket: nothing has happened to it since
    std::optional<TcpTotals> totals;  ///< of a TCP connection, as last seen
    std::uint64_t cookie = 0;         ///< of a TCP socket whose end is listened for; else 0
    bool hung_up = false;             ///< of a TCP connection: a `hangup` was noted
    std::uint64_t peer_inode = 0;     ///< of a unix socket: of the other end; 0: not known
};

/// The known descriptors of one process. A slot stays where it is for as long as it is used.
class KnownFds {
  public:
    /// Makes room for so many descriptors at once.
    void reserve(std::size_t count) { slots_.reserve(count); }
    /// Returns the slot of one more, of which nothing is known yet.
    std::uint32_t add() {
        if (free_.empty()) {
            slots_.emplace_back();
            return static_cast<std::uint32_t>(slots_.size() - 1);
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }
    /// Returns what was known, and frees the slot.
    KnownFd remove(std::uint32_t slot) {
        free_.push_back(slot);
        return std::exchange(slots_[slot], KnownFd{});
    }
    /// Slots, used or not: a free one knows nothing.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
    [[nodiscard]] KnownFd& operator[](std::uint32_t slot) { return slots_[slot]; }
    [[nodiscard]] const KnownFd& operator[](std::uint32_t slot) const { return slots_[slot]; }

  private:
    std::vector<KnownFd> slots_;
    std::vector<std::uint32_t> free_;
};

}  // namespace logfia
