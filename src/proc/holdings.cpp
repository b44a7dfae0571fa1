#include <logfia/proc/holdings.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace logfia {
namespace {

constexpr rlim_t kPerProcess = 3;  // pidfd, /proc/N, /proc/N/fd
// The streams, the resolver's sockets, mount tables, a look's files.
constexpr rlim_t kReserve = 100;
// Each keeps about a KiB of the kernel's memory from being used otherwise.
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

}  // namespace

Holdings::Holdings(std::size_t expected)
    : limit_(raise_limit(needed(expected) + 2 * kMostLinks)),
      capacity_(limit_ > kReserve ? (limit_ - kReserve) / kPerProcess : 0),
      links_(limit_ > needed(expected) ? std::min((limit_ - needed(expected)) / 2, kMostLinks)
                                       : 0) {}

std::string Holdings::advice(std::size_t processes) const {
    return fmt::format(
        "{} processes need {} descriptors, but the limit is {}: those that do not fit are reopened "
        "at each look; raise it with 'ulimit -n'",
        processes, needed(processes), limit_);
}

}  // namespace logfia
