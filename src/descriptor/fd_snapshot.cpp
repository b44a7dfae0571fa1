#include <logfia/descriptor/fd_snapshot.hpp>

#include <algorithm>

namespace logfia {

const FdEntry* FdSnapshot::at_or_after(int fd) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), fd,
                                     [](const FdEntry& e, int number) { return e.fd < number; });
    return entries_.data() + (at - entries_.begin());
}

const FdEntry* FdSnapshot::find(int fd) const {
    const FdEntry* at = at_or_after(fd);
    return at != entries_.data() + entries_.size() && at->fd == fd ? at : nullptr;
}

void FdSnapshot::assign(const FdSnapshot& other) {
    entries_.assign(other.entries_.begin(), other.entries_.end());
    text_.clear();
    text_.append(other.text_.all());
}

void FdSnapshot::release() {
    entries_ = {};
    text_ = {};
}

}  // namespace logfia
