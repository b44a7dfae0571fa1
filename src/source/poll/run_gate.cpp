#include <logfia/source/poll/run_gate.hpp>

#include <algorithm>

namespace logfia {

RunGate::Verdict RunGate::judge(std::optional<Duration> cpu, SteadyTime now) {
    if (!asks_clock_ || !cpu) return Verdict::look;
    if (cpu_ != cpu) {
        cpu_ = cpu;
        standing_since_ = now;
        return Verdict::look;
    }
    if (now - standing_since_ < kSettled) return Verdict::look;
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

}  // namespace logfia
