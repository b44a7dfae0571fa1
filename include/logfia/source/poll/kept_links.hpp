#pragma once

#include <logfia/source/poll/watched_process.hpp>

#include <cstddef>
#include <cstdint>

namespace logfia {

/// Holds open the links of descriptors that stay: to read such a one again costs two thirds of
/// what it costs by its number, since nobody has to search for it (measured). Only the link in
/// procfs is held (O_PATH, open(2)), not the file: a target can close, delete and unmount as it
/// likes. It costs us one descriptor each, so there is a limit; what does not fit is read by its
/// number.
class KeptLinks {
  public:
    /// Of all processes together; 0 in the beginning.
    void allow(std::size_t most) { most_ = most; }

    /// Makes room for the link of a descriptor that was opened: a later look, which may hold that
    /// link, allocates nothing.
    void make_room(WatchedProcess& watched, std::uint32_t slot) const;
    /// Opens some more links, of numbers that have not changed for FdReader::kHotLooks.
    void keep_some(WatchedProcess& watched, std::uint32_t look);

    /// Lets go of the link of a descriptor that is closed, if it is held.
    void let_go(WatchedProcess& watched, std::uint32_t slot);
    /// For a table that is another now, or may not be read any more.
    void let_go_all(WatchedProcess& watched);

    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    std::size_t most_ = 0;
    std::size_t count_ = 0;
};

}  // namespace logfia
