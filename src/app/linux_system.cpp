#include <logfia/app/linux_system.hpp>

#include <algorithm>

namespace logfia {
namespace {

void shorten(std::optional<Duration>& sleep, Duration candidate) {
    sleep = sleep ? std::min(*sleep, candidate) : candidate;
}

}  // namespace

Result<std::span<const pollfd>> LinuxSystem::sleep_until(std::optional<SteadyTime> time) {
    auto ready = waiter_.wait(time_to_sleep(time), signals_.while_waiting());
    if (ready && !ready->empty()) signals_.note_pending();
    return ready;
}

std::optional<Duration> LinuxSystem::time_to_sleep(std::optional<SteadyTime> until) const {
    if (!until && command_ == nullptr) return std::nullopt;
    const SteadyTime now = read_clocks().steady;
    std::optional<Duration> sleep;
    if (until) sleep = *until > now ? *until - now : Duration::zero();
    if (command_ == nullptr) return sleep;
    if (sources_ == SourcesState::at_rest && !command_->all_gone())
        shorten(sleep, Command::kAttendEach);
    if (const auto word = command_->next_word(now))
        shorten(sleep, std::max(*word, Duration::zero()));
    return sleep;
}

StopRequests LinuxSystem::attend(SteadyTime now) {
    if (command_ != nullptr) command_->attend(now, signals_, notices_);
    return {StopSignals::count(), signals_.own()};
}

}  // namespace logfia
