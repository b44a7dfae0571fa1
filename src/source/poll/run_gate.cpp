#include <logfia/source/poll/run_gate.hpp>

#include <algorithm>
#include <limits>

namespace logfia {

RunGate::Verdict RunGate::judge(const RunClock& clock, SteadyTime now, int repeats) {
    slept_ = !clock.may_have_run_since(cpu_);
    if (!slept_) {
        owed_ = clock.cpu == cpu_ && owed_ > 0 ? owed_ - 1 : repeats;
        cpu_ = clock.cpu;
        return Verdict::look;
    }
    return now >= next_full_look_ ? Verdict::recheck : Verdict::skip;
}

void RunGate::looked(SteadyTime now, std::size_t descriptors) {
    // A descriptor costs 2.5 to 5 µs when the look comes seldom and the caches are cold.
    constexpr Duration kCostOfOne = std::chrono::microseconds(5);
    constexpr Duration kSoonest = std::chrono::seconds(1);
    constexpr Duration kLatest = std::chrono::seconds(5);
    const Duration affordable = kCostOfOne * static_cast<Duration::rep>(descriptors) * 1000;
    next_full_look_ = now + std::clamp(affordable, kSoonest, kLatest);
}

int RunGate::threads_worth_asking(std::size_t descriptors) {
    // Measured: a look costs 10 µs and 0.7 µs for each descriptor, a thread 4 µs.
    constexpr std::size_t kLookInDescriptors = 15;
    constexpr std::size_t kThreadInDescriptors = 6;
    const std::size_t count = (descriptors + kLookInDescriptors) / kThreadInDescriptors;
    return static_cast<int>(std::min<std::size_t>(count, std::numeric_limits<int>::max()));
}

}  // namespace logfia
