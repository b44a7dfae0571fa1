#pragma once

#include <logfia/base/clock.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>

namespace logfia {

/// The memory of one number of a table.
struct NumberEntry {
    std::uint64_t id = 0;    ///< of the descriptor that is open there; 0: nothing is told of it
    std::uint64_t link = 0;  ///< a digest of its link's text; 0: not read
    Now since{};             ///< the open, or the last close of the number
    /// A socket of which no close has to tell more than is known.
    bool settled = true;
};

/// The open numbers of one descriptor table. Memory grows with how many are open, not with how
/// large their numbers are: a process may well use the number 1,000,000.
class NumberTable {
  public:
    /// The entry of a number that is open; null for any other.
    [[nodiscard]] NumberEntry* find(int fd);
    /// Opens a number, or replaces what is open there.
    void open(int fd, const NumberEntry& entry);
    void close(int fd, Now at);
    /// When the number was closed last, as far as that is remembered; the beginning of time
    /// otherwise.
    [[nodiscard]] Now closed_last(int fd) const;

    /// The lowest number from `from` on that is not open: where the kernel puts a new descriptor.
    [[nodiscard]] int lowest_free(int from);
    /// How many are open.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Calls `visit(fd, entry)` for each open number from `first` to `last`, in ascending order.
    /// `visit` may close the number that it is called for, and nothing else.
    template <class Visit>
    void for_each(int first, int last, Visit visit) {
        if (first > last) return;
        for (auto at = chunks_.lower_bound(first / kWidth); at != chunks_.end(); ++at) {
            const int base = at->first * kWidth;
            if (base > last) return;
            for (std::uint64_t left = at->second.used; left != 0; left &= left - 1) {
                const int fd = base + std::countr_zero(left);
                if (fd >= first && fd <= last) visit(fd, at->second.entries[index(fd)]);
            }
        }
    }

  private:
    static constexpr int kWidth = 64;
    /// So many chunks remember when their numbers were closed, though none is open.
    static constexpr std::size_t kMostEmpty = 64;
    struct Chunk {
        std::uint64_t used = 0;  // a bit for each number
        std::array<NumberEntry, kWidth> entries{};
    };
    static constexpr std::size_t index(int fd) { return static_cast<std::size_t>(fd % kWidth); }
    static constexpr std::uint64_t bit(int fd) { return std::uint64_t{1} << index(fd); }

    std::map<int, Chunk> chunks_;  // by number / kWidth
    std::size_t size_ = 0;
    int lowest_ = 0;  // no lower number is free
};

}  // namespace logfia
