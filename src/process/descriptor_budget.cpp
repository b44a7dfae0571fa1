#include <logfia/process/descriptor_budget.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace logfia {
namespace {

constexpr rlim_t kPerProcess = 4;  // pidfd, /proc/N, /proc/N/fd, /proc/N/stat
// The streams, the resolver's sockets, mount tables, a look's files.
constexpr rlim_t kReserve = 100;
// A held link uses about a KiB of kernel memory.
constexpr rlim_t kMostLinks = 16'384;

rlim_t needed(rlim_t processes) {
    return processes * kPerProcess + kReserve;
}

/// The soft limit of open files, after it was raised to `wanted` or as near to that as allowed.
rlim_t raise_limit(rlim_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// The share for links: half of what the processes leave, or, when there may be any number of
/// processes, an eighth.
rlim_t share_of_links(rlim_t limit, rlim_t processes) {
    if (limit >= needed(processes)) return std::min((limit - needed(processes)) / 2, kMostLinks);
    return limit > kReserve ? std::min((limit - kReserve) / 8, kMostLinks) : 0;
}

}  // namespace

DescriptorBudget::DescriptorBudget(std::size_t expected)
    : limit_(raise_limit(needed(expected) + 2 * kMostLinks)),
      links_(share_of_links(limit_, expected)),
      processes_(limit_ > kReserve + links_ ? (limit_ - kReserve - links_) / kPerProcess : 0) {}

std::string DescriptorBudget::advice(std::size_t processes) const {
    return fmt::format(
        "{} {} {} descriptors, but the limit is {}: those that do not fit are reopened "
        "at each look; raise it with 'ulimit -n'",
        processes, processes == 1 ? "process needs" : "processes need", needed(processes) + links_,
        limit_);
}

}  // namespace logfia
