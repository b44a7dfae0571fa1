#include <logfia/base/trim.hpp>
#include <logfia/source/poll/holder_index.hpp>

#include <algorithm>

namespace logfia {

void HolderIndex::build(WatchedProcesses processes, Closed closed) {
    std::sort(wanted_.begin(), wanted_.end());
    holders_.clear();
    for (const auto& watched : processes) {
        if (closed == Closed::left_out && (watched->ended || watched->sockets == 0)) continue;
        for (std::uint32_t slot = 0; slot < watched->known.size(); ++slot) {
            const Descriptor& descriptor = watched->known[slot].descriptor;
            if (is_in(descriptor.type, FdGroup::socket) && descriptor.inode &&
                std::binary_search(wanted_.begin(), wanted_.end(), *descriptor.inode) &&
                (closed == Closed::included || is_open(*watched, slot)))
                holders_.push_back({*descriptor.inode, watched.get(), slot});
        }
    }
    // Holders of one socket stay in the order of their processes.
    std::stable_sort(holders_.begin(), holders_.end(),
                     [](const Holder& a, const Holder& b) { return a.inode < b.inode; });
}

std::span<const HolderIndex::Holder> HolderIndex::of(std::uint64_t inode) const {
    const auto first = std::lower_bound(
        holders_.begin(), holders_.end(), inode,
        [](const Holder& one, std::uint64_t number) { return one.inode < number; });
    auto last = first;
    while (last != holders_.end() && last->inode == inode) ++last;
    return {first, last};
}

void HolderIndex::clear() {
    clear_and_trim(wanted_);
    clear_and_trim(holders_);
}

bool is_open(const WatchedProcess& watched, std::uint32_t slot) {
    const FdEntry* entry = watched.snapshot.find(watched.known[slot].descriptor.fd);
    return !watched.ended && entry != nullptr && entry->slot == slot;
}

}  // namespace logfia
