#include <logfia/process/pending_processes.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(1);
// Descriptors may be free again at any time; the rest seldom changes.
constexpr Duration kLongestPauseLacking = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(10);

}  // namespace

bool PendingProcesses::put(PendingProcess process, SteadyTime now, Retry retry) {
    Entry& entry = entries_[process.pid];
    const PendingProcess& known = entry.process;
    if (process.start_time == 0) process.start_time = known.start_time;
    const bool is_same = known.pid == process.pid &&
                         (known.start_time == process.start_time || known.start_time == 0);
    const bool is_news = !is_same || known.why != process.why;
    if (!is_same) entry.pause = Duration::zero();
    entry.process = std::move(process);
    if (retry == Retry::by_time)
        pause(entry, now);
    else
        entry.next = SteadyTime::max();
    return is_news;
}

void PendingProcesses::put_off(pid_t pid, SteadyTime now) {
    const auto at = entries_.find(pid);
    if (at != entries_.end()) pause(at->second, now);
}

void PendingProcesses::pause(Entry& entry, SteadyTime now) {
    const bool lacking = entry.process.why == PendingProcess::Why::lacking;
    entry.pause =
        std::clamp(2 * entry.pause, kFirstPause, lacking ? kLongestPauseLacking : kLongestPause);
    entry.next = now + entry.pause;
    next_ = std::min(next_, entry.next);
}

std::optional<PendingProcess> PendingProcesses::find(pid_t pid) const {
    const auto at = entries_.find(pid);
    if (at == entries_.end()) return std::nullopt;
    return at->second.process;
}

std::size_t PendingProcesses::count(PendingProcess::Why why) const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(),
                      [why](const auto& entry) { return entry.second.process.why == why; }));
}

void PendingProcesses::copy_due(SteadyTime now, std::vector<PendingProcess>& out) {
    if (now < next_) return;
    next_ = SteadyTime::max();
    for (const auto& [pid, entry] : entries_) {
        if (entry.next <= now)
            out.push_back(entry.process);
        else
            next_ = std::min(next_, entry.next);
    }
}

void PendingProcesses::retry_all() {
    for (auto& [pid, entry] : entries_) entry.next = SteadyTime::min();
    next_ = SteadyTime::min();
}

}  // namespace logfia
