#include <logfia/source/poll/pidfds.hpp>

#include <utility>

namespace logfia {

void Pidfds::add(WatchedProcess& owner) {
    const int pidfd = owner.process.pidfd();
    if (pidfd < 0) return;
    owners_[pidfd] = &owner;
    new_.push_back(pidfd);
}

void Pidfds::remove(const WatchedProcess& owner) {
    owners_.erase(owner.process.pidfd());
}

std::vector<int> Pidfds::collect_new() {
    std::erase_if(new_, [this](int fd) { return !contains(fd); });
    return std::exchange(new_, {});
}

WatchedProcess* Pidfds::owner_of(int fd) const {
    const auto at = owners_.find(fd);
    return at == owners_.end() ? nullptr : at->second;
}

}  // namespace logfia
