#pragma once

#include <logfia/source/poll/watched_process.hpp>

#include <cstddef>
#include <cstdint>

namespace logfia {

/// Holds open the links of descriptors that stay open: rereading a held link costs two thirds of
/// reading it by its number, since the kernel need not search for it (measured). Only the link in
/// procfs is held (O_PATH, open(2)), not the file: the target can close, delete and unmount as it
/// likes. Each held link costs us one descriptor, so there is a limit; all other links are read by
/// their numbers.
class KeptLinks {
  public:
    /// Sets the limit for all processes together; 0 in the beginning.
    void allow(std::size_t most) { most_ = most; }

    /// Makes room for the link of a descriptor that was opened: a later look, which may hold that
    /// link, allocates nothing.
    void make_room(WatchedProcess& watched, std::uint32_t slot) const;
    /// Opens some more links, of numbers that have not changed for FdReader::kHotLooks.
    void keep_some(WatchedProcess& watched, std::uint32_t look);

    /// Lets go of the link of a descriptor that is closed, if it is held.
    void let_go(WatchedProcess& watched, std::uint32_t slot);
    /// Lets go of all links, when the table is another one now, or may no longer be read.
    void let_go_all(WatchedProcess& watched);

    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    std::size_t most_ = 0;
    std::size_t count_ = 0;
};

}  // namespace logfia
