#include <logfia/source/poll/watched_process.hpp>

#include <utility>

namespace logfia {
namespace {

constexpr Duration kCommPause = std::chrono::seconds(1);

}  // namespace

WatchedProcess::WatchedProcess(std::uint64_t number, Process p, Origin o)
    : process(std::move(p)), origin(std::move(o)) {
    actor.number = number;
    socket_access.owner = number;
    actor.pid = process.pid();
    actor.comm = process.comm();
}

void WatchedProcess::refresh_comm(const ProcRoot& root) {
    process.refresh_comm(root);
    actor.comm = process.comm();
}

void WatchedProcess::set_comm(const ProcRoot& root, std::string_view comm) {
    process.set_comm(root, comm);
    actor.comm = process.comm();
}

RunClock WatchedProcess::read_clock(std::optional<Duration> then) const {
    // Another process that shares the table may do what this one has not.
    if (sharing == TableSharing::proved) return {process.cpu_time(), false};
    return process.run_clock(then, RunGate::threads_worth_asking(snapshot.entries().size()));
}

void WatchedProcess::keep_comm_current(const ProcRoot& root, RunGate::Verdict verdict,
                                       SteadyTime now) {
    if (verdict == RunGate::Verdict::look) ran_since_comm = true;
    if (!ran_since_comm || now < next_comm) return;
    next_comm = now + kCommPause;
    ran_since_comm = false;
    if (begun) refresh_comm(root);
}

}  // namespace logfia
