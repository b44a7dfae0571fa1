#include <logfia/source/seccomp/unix_ends.hpp>

namespace logfia {

void UnixEnds::add(std::uint64_t id, std::uint64_t inode) {
    if (inodes_.emplace(id, inode).second) ++ends_[inode].descriptors;
}

/// The other end may still be known from a descriptor whose own copy in a child comes to light
/// later: both ends are forgotten together.
void UnixEnds::remove(std::uint64_t id) {
    const auto known = inodes_.find(id);
    if (known == inodes_.end()) return;
    const auto end = ends_.find(known->second);
    inodes_.erase(known);
    if (--end->second.descriptors > 0) return;
    const auto other = ends_.find(end->second.other);
    if (other != ends_.end() && other->second.descriptors > 0) return;
    if (other != ends_.end()) ends_.erase(other);
    ends_.erase(end);
}

void UnixEnds::connect(std::uint64_t inode, std::uint64_t other) {
    ends_[inode].other = other;
    ends_[other].other = inode;
}

std::uint64_t UnixEnds::other_end(std::uint64_t inode, Asking asking) {
    const std::uint64_t known = ends_[inode].other;
    if (known != 0 || asking == Asking::needless || ends_.size() > kMostSockets) return known;
    UnixDiag::Question question{inode, 0};
    diag_.ask({&question, 1});
    if (question.peer != 0) connect(inode, question.peer);
    return question.peer;
}

}  // namespace logfia
