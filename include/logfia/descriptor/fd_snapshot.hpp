#pragma once

#include <logfia/base/text_arena.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace logfia {

/// An open descriptor as one look saw it: its number and where its link's text lies.
struct FdEntry {
    static constexpr std::uint32_t kNoSlot = 0xffffffff;

    int fd = -1;
    std::uint32_t offset = 0;  ///< into the snapshot's text
    std::uint32_t length = 0;
    std::uint32_t slot =
        kNoSlot;                ///< the caller's own; goes along as long as the number stays open
    std::uint32_t changed = 0;  ///< the look at which it was new or changed last
    int link = -1;              ///< the link, held open by somebody else (O_PATH); -1: not held
};

/// The table that one look saw: entries in ascending order of their numbers, one block of text.
/// Clearing keeps the memory, so that a look that sees no more than one before it allocates
/// nothing.
class FdSnapshot {
  public:
    [[nodiscard]] const std::vector<FdEntry>& entries() const { return entries_; }
    [[nodiscard]] std::vector<FdEntry>& entries() { return entries_; }
    [[nodiscard]] std::string_view name(const FdEntry& entry) const {
        return text_.view(entry.offset, entry.length);
    }
    /// The entry of that number, or null.
    [[nodiscard]] const FdEntry* find(int fd) const;
    /// The first entry whose number is not below `fd`; the end of entries() when there is none.
    [[nodiscard]] const FdEntry* at_or_after(int fd) const;

    void clear() {
        entries_.clear();
        text_.clear();
    }
    /// Becomes equal to `other`, in memory of its own.
    void assign(const FdSnapshot& other);
    /// Lets go of the memory: for a process that has ended, or shrank a lot.
    void release();

  private:
    friend class FdReader;

    std::vector<FdEntry> entries_;
    TextArena text_;
};

}  // namespace logfia
