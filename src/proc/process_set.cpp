#include <logfia/proc/process_set.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace logfia {
namespace {

constexpr rlim_t kPerProcess = 3;  // pidfd, /proc/N, /proc/N/fd
constexpr rlim_t kReserve =
    100;  // the streams, the resolver's sockets, mount tables, a look's files

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

OpenedProcesses open_processes(const ProcRoot& root, std::span<const pid_t> pids) {
    OpenedProcesses opened;
    const rlim_t wanted = pids.size() * kPerProcess + kReserve;
    const rlim_t limit = raise_limit(wanted);
    Holding holding = Holding::descriptors;
    if (limit < wanted) {
        holding = Holding::nothing;
        opened.notice = fmt::format(
            "{} processes need {} descriptors, but the limit is {}: they are reopened at each "
            "look; "
            "raise it with 'ulimit -n'",
            pids.size(), wanted, limit);
    }
    for (const pid_t pid : pids) {
        auto process = Process::open(root, pid, holding);
        if (process) {
            opened.processes.push_back(std::move(*process));
        } else {
            opened.errors.push_back(process.error());
        }
    }
    return opened;
}

}  // namespace logfia
