#include <logfia/source/poll/watched_process.hpp>

#include <utility>

namespace logfia {
namespace {

constexpr Duration kCommPause = std::chrono::seconds(1);

}  // namespace

WatchedProcess::WatchedProcess(std::uint64_t number, Process p, Origin o, Interval interval)
    : process(std::move(p)), origin(std::move(o)), gate(interval) {
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

void WatchedProcess::keep_comm_current(const ProcRoot& root, RunGate::Verdict verdict,
                                       SteadyTime now) {
    if (verdict == RunGate::Verdict::look) ran_since_comm = true;
    if (!ran_since_comm || now < next_comm) return;
    next_comm = now + kCommPause;
    ran_since_comm = false;
    if (begun) refresh_comm(root);
}

}  // namespace logfia
