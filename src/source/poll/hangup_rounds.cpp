#include <logfia/source/poll/hangup_rounds.hpp>

#include <algorithm>
#include <memory>

namespace logfia {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(100);
constexpr Duration kLongest = std::chrono::seconds(1);
constexpr Duration kForConnection = std::chrono::milliseconds(1);
constexpr Duration kForDescriptor = std::chrono::microseconds(20);
constexpr Duration kLeastPauseOfReadings = std::chrono::seconds(1);
constexpr std::size_t kFewest = 16;

/// The questions of one look: 512 each 100 ms, which takes 0.6 % of a CPU.
std::size_t most_in_a_look(Duration interval) {
    constexpr Duration kForMost = std::chrono::milliseconds(100);
    const auto share = QuestionTurns::kMost * static_cast<std::size_t>(interval.count()) /
                       static_cast<std::size_t>(kForMost.count());
    return std::clamp(share, kFewest, QuestionTurns::kMost);
}

/// Any other state leads to CLOSE_WAIT through this one or never, and a socket that still connects
/// is asked by SocketTimetable.
bool may_be_hung_up(const KnownFd& known) {
    const SocketInfo* socket = known.descriptor.socket.get();
    return is_in(known.descriptor.type, FdGroup::tcp) && socket != nullptr && socket->remote &&
           (socket->state == SocketState::established || socket->state == SocketState::syn_recv);
}

}  // namespace

HangupRounds::HangupRounds(Duration interval) : most_(most_in_a_look(interval)) {}

Duration HangupRounds::round_time() const {
    const auto times = [](Duration one, std::size_t count) {
        return one * static_cast<Duration::rep>(count);
    };
    const Duration wanted =
        std::max(times(kForConnection, connections_), times(kForDescriptor, descriptors_));
    return std::clamp(wanted, kShortest, kLongest);
}

void HangupRounds::begin_round(const SocketSchedule& sockets, SteadyTime now) {
    under_way_ = true;
    began_ = now;
    connections_ = descriptors_ = 0;
    at_process_ = 0;
    at_fd_ = 0;
    reads_tables_ = now >= next_reading_;
    if (reads_tables_)
        next_reading_ = now + std::max(kLeastPauseOfReadings, sockets.pauses().longest());
}

bool HangupRounds::ask(const ProcRoot& root, const WatchList& processes, SocketSchedule& sockets,
                       SteadyTime now) {
    if (!under_way_ && now < next_) return false;
    if (!under_way_) begin_round(sockets, now);
    left_ = most_;
    asked_ = 0;
    const auto all = processes.all();
    auto at =
        std::lower_bound(all.begin(), all.end(), at_process_,
                         [](const auto& held, pid_t pid) { return held->process.pid() < pid; });
    for (; at != all.end(); ++at) {
        WatchedProcess& watched = **at;
        if (watched.process.pid() != at_process_) at_fd_ = 0;
        at_process_ = watched.process.pid();
        if (watched.ended || !watched.begun) continue;
        const bool done = go_on(root, watched, sockets, now);
        watched.process.release();
        if (!done) return true;
    }
    under_way_ = false;
    next_ = began_ + round_time();
    return asked_ > 0;
}

/// Asks the process's connections, from `at_fd_` on. False when a later look must go on.
bool HangupRounds::go_on(const ProcRoot& root, WatchedProcess& watched, SocketSchedule& sockets,
                         SteadyTime now) {
    const bool by_copy = sockets.may_copy(watched, now);
    if (!by_copy && !reads_tables_) return true;
    const auto& entries = watched.snapshot.entries();
    auto entry = std::lower_bound(entries.begin(), entries.end(), at_fd_,
                                  [](const FdEntry& one, int fd) { return one.fd < fd; });
    for (; entry != entries.end(); ++entry) {
        ++descriptors_;
        if (!may_be_hung_up(watched.known[entry->slot])) continue;
        if (watched.process.acquire(root).state != Process::Acquired::State::ready) return true;
        if (by_copy && left_ == 0) {
            at_fd_ = entry->fd;
            return false;
        }
        if (by_copy) --left_;
        sockets.ask_state(watched, entry->slot, now);
        ++asked_;
        ++connections_;
    }
    return true;
}

}  // namespace logfia
