#include <logfia/source/seccomp/number_table.hpp>

#include <algorithm>

namespace logfia {

NumberEntry* NumberTable::find(int fd) {
    if (fd < 0) return nullptr;
    const auto chunk = chunks_.find(fd / kWidth);
    if (chunk == chunks_.end() || (chunk->second.used & bit(fd)) == 0) return nullptr;
    return &chunk->second.entries[index(fd)];
}

void NumberTable::open(int fd, const NumberEntry& entry) {
    Chunk& chunk = chunks_[fd / kWidth];
    if ((chunk.used & bit(fd)) == 0) ++size_;
    chunk.used |= bit(fd);
    chunk.entries[index(fd)] = entry;
    if (fd == lowest_) ++lowest_;
}

void NumberTable::close(int fd, Now at) {
    const auto found = chunks_.find(fd / kWidth);
    if (found == chunks_.end() || (found->second.used & bit(fd)) == 0) return;
    Chunk& chunk = found->second;
    chunk.used &= ~bit(fd);
    chunk.entries[index(fd)] = {.since = at};
    --size_;
    lowest_ = std::min(lowest_, fd);
    if (chunk.used == 0 && chunks_.size() > kMostEmpty) chunks_.erase(found);
}

Now NumberTable::closed_last(int fd) const {
    const auto chunk = chunks_.find(fd / kWidth);
    if (chunk == chunks_.end() || (chunk->second.used & bit(fd)) != 0) return {};
    return chunk->second.entries[index(fd)].since;
}

int NumberTable::lowest_free(int from) {
    const bool of_all = from <= lowest_;
    int number = std::max(from, lowest_);
    for (auto chunk = chunks_.lower_bound(number / kWidth);
         chunk != chunks_.end() && chunk->first == number / kWidth; ++chunk) {
        const std::uint64_t free = ~chunk->second.used & (~std::uint64_t{0} << index(number));
        if (free != 0) {
            number = chunk->first * kWidth + std::countr_zero(free);
            break;
        }
        number = (chunk->first + 1) * kWidth;
    }
    if (of_all) lowest_ = number;
    return number;
}

}  // namespace logfia
