#include <logfia/procfs/proc_path.hpp>
#include <logfia/source/poll/fd_reader.hpp>
#include <logfia/source/poll/kept_links.hpp>

#include <fcntl.h>

#include <cerrno>

namespace logfia {
namespace {

/// The most links to open in one look, so that the look does not take much longer.
constexpr int kAtOnce = 64;

/// Skip O_PATH: two watches of each other would hold each other's links without end.
bool is_a_held_link(const Descriptor& descriptor) {
    return descriptor.access == Access::path;
}

}  // namespace

void KeptLinks::make_room(WatchedProcess& watched, std::uint32_t slot) const {
    if (most_ > 0 && slot >= watched.links.size()) watched.links.resize(slot + 1);
}

void KeptLinks::keep_some(WatchedProcess& watched, std::uint32_t look) {
    int left = kAtOnce;
    for (FdEntry& entry : watched.snapshot.entries()) {
        if (left == 0 || count_ >= most_) return;
        if (entry.link >= 0 || FdReader::is_hot(entry, look)) continue;
        if (is_a_held_link(watched.known[entry.slot].descriptor)) continue;
        --left;
        UniqueFd link(openat(watched.process.fd_dir(), fd_path(entry.fd).data(),
                             O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!link) {
            // Out of descriptors: hold no more links.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) most_ = count_;
            continue;
        }
        entry.link = link.get();
        watched.links[entry.slot] = std::move(link);
        ++count_;
    }
}

void KeptLinks::let_go(WatchedProcess& watched, std::uint32_t slot) {
    if (slot >= watched.links.size() || !watched.links[slot]) return;
    watched.links[slot].reset();
    --count_;
}

void KeptLinks::let_go_all(WatchedProcess& watched) {
    for (FdEntry& entry : watched.snapshot.entries()) {
        entry.link = -1;
        let_go(watched, entry.slot);
    }
}

}  // namespace logfia
