// Keeps the names of the watched processes current.

#include <logfia/source/poll/poller.hpp>

namespace logfia {
namespace {

constexpr Duration kCommPause = std::chrono::seconds(1);

}  // namespace

bool Poller::take_exec(pid_t pid) {
    WatchedProcess* watched = find(pid);
    if (watched == nullptr) return false;
    watched->refresh_comm(root_);
    return true;
}

void Poller::take_comm(pid_t pid, std::string_view comm) {
    if (WatchedProcess* watched = find(pid)) watched->set_comm(root_, comm);
}

/// Reads the name where nobody tells of an exec or of a new name: once in a second, and only after
/// the process has run.
void Poller::keep_comm_current(WatchedProcess& watched, RunGate::Verdict verdict) const {
    if (verdict == RunGate::Verdict::look) watched.ran_since_comm = true;
    if (!watched.ran_since_comm || now_.steady < watched.next_comm) return;
    watched.next_comm = now_.steady + kCommPause;
    watched.ran_since_comm = false;
    if (watched.begun) watched.refresh_comm(root_);
}

}  // namespace logfia
