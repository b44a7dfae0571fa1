#include <logfia/source/poll/run_gate.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = RunGate::Verdict;

SteadyTime at(Duration time) {
    return SteadyTime(seconds(1000) + time);
}

/// A look as the poller takes it.
Verdict tick(RunGate& gate, std::optional<Duration> cpu, Duration time,
             std::size_t descriptors = 10) {
    const Verdict verdict = gate.judge(cpu, at(time));
    if (verdict != Verdict::skip) gate.looked(at(time), descriptors);
    return verdict;
}

TEST(RunGate, SkipsAProcessWhoseClockStandsStill) {
    RunGate gate(milliseconds(100));
    EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(0)), Verdict::look);
    EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(100)), Verdict::skip);
    EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(200)), Verdict::skip);
    EXPECT_EQ(tick(gate, milliseconds(6), milliseconds(300)), Verdict::look);
    EXPECT_EQ(tick(gate, milliseconds(6), milliseconds(400)), Verdict::skip);
}

TEST(RunGate, AClockThatOnlyJustStoodStillIsNotTrusted) {
    RunGate gate(milliseconds(10));
    EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(0)), Verdict::look);
    for (int time = 10; time < 50; time += 10)
        EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(time)), Verdict::look) << time;
    EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(50)), Verdict::skip);
}

TEST(RunGate, IsNotUsedBelowTenMilliseconds) {
    RunGate gate(microseconds(9999));
    EXPECT_FALSE(gate.asks_clock());
    for (int time = 0; time < 1000; time += 9)
        EXPECT_EQ(tick(gate, milliseconds(5), milliseconds(time)), Verdict::look);
}

TEST(RunGate, IsNotUsedWithoutAClock) {
    RunGate gate(milliseconds(100));
    EXPECT_EQ(tick(gate, std::nullopt, milliseconds(0)), Verdict::look);
    EXPECT_EQ(tick(gate, std::nullopt, milliseconds(100)), Verdict::look);
    EXPECT_EQ(tick(gate, milliseconds(1), milliseconds(200)), Verdict::look);
    EXPECT_EQ(tick(gate, milliseconds(1), milliseconds(300)), Verdict::skip);
}

/// When the second full look comes, the first being at 0.
Duration second_full_look(std::size_t descriptors) {
    RunGate gate(milliseconds(100));
    tick(gate, milliseconds(5), Duration(0), descriptors);
    for (Duration time = milliseconds(100); time < seconds(60); time += milliseconds(100))
        if (tick(gate, milliseconds(5), time, descriptors) == Verdict::recheck) return time;
    return Duration(0);
}

TEST(RunGate, TakesAFullLookOnceASecondOrRarerWhereItIsDear) {
    EXPECT_EQ(second_full_look(1), seconds(1));
    EXPECT_EQ(second_full_look(200), seconds(1));
    EXPECT_EQ(second_full_look(500), milliseconds(2500));
    EXPECT_EQ(second_full_look(1000), seconds(5));
    EXPECT_EQ(second_full_look(1'000'000), seconds(5));
}

}  // namespace
}  // namespace logfia
