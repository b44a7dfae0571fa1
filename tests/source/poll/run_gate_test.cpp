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

RunClock asleep(Duration cpu) {
    return {cpu, true};
}

RunClock awake(Duration cpu) {
    return {cpu, false};
}

/// A look as the poller takes it.
Verdict tick(RunGate& gate, const RunClock& clock, Duration time, std::size_t descriptors = 10) {
    const Verdict verdict = gate.judge(clock, at(time));
    if (verdict != Verdict::skip) gate.looked(at(time), descriptors);
    return verdict;
}

TEST(RunGate, SkipsAProcessThatSleepsAndWhoseClockStandsStill) {
    RunGate gate;
    EXPECT_EQ(tick(gate, awake(milliseconds(5)), milliseconds(0)), Verdict::look);
    EXPECT_EQ(tick(gate, asleep(milliseconds(5)), milliseconds(1)), Verdict::skip) << "at once";
    EXPECT_EQ(tick(gate, asleep(milliseconds(5)), milliseconds(2)), Verdict::skip);
    EXPECT_EQ(tick(gate, asleep(milliseconds(6)), milliseconds(3)), Verdict::look);
    EXPECT_EQ(tick(gate, asleep(milliseconds(6)), milliseconds(4)), Verdict::skip);
}

TEST(RunGate, AClockThatStandsStillAloneIsNotBelieved) {
    RunGate gate;
    for (int time = 0; time < 200; ++time)
        EXPECT_EQ(tick(gate, awake(milliseconds(5)), milliseconds(time)), Verdict::look) << time;
    EXPECT_EQ(tick(gate, asleep(milliseconds(5)), milliseconds(200)), Verdict::skip);
}

TEST(RunGate, WithoutAClockEveryLookIsTaken) {
    RunGate gate;
    EXPECT_EQ(tick(gate, {}, milliseconds(0)), Verdict::look);
    EXPECT_EQ(tick(gate, {std::nullopt, true}, milliseconds(100)), Verdict::look);
    EXPECT_EQ(tick(gate, asleep(milliseconds(1)), milliseconds(200)), Verdict::look);
    EXPECT_EQ(tick(gate, asleep(milliseconds(1)), milliseconds(300)), Verdict::skip);
}

TEST(RunGate, AfterALookThatFailedAnotherIsTaken) {
    RunGate gate;
    tick(gate, asleep(milliseconds(5)), milliseconds(0));
    gate.failed();
    EXPECT_EQ(gate.clock_before_look(), std::nullopt);
    EXPECT_EQ(tick(gate, asleep(milliseconds(5)), milliseconds(1)), Verdict::look);
    EXPECT_EQ(tick(gate, asleep(milliseconds(5)), milliseconds(2)), Verdict::skip);
}

/// Back to back, a look reads only some of the links.
TEST(RunGate, ALookIsRepeatedWhereOneDoesNotReadEverything) {
    RunGate gate;
    const auto look = [&](const RunClock& clock) { return gate.judge(clock, at(Duration(0)), 3); };
    EXPECT_EQ(look(awake(milliseconds(5))), Verdict::look);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(gate.owes_looks());
        EXPECT_EQ(look(awake(milliseconds(5))), Verdict::look) << i;
    }
    EXPECT_FALSE(gate.owes_looks()) << "now it is worth asking whether it sleeps";
    EXPECT_EQ(look(awake(milliseconds(5))), Verdict::look) << "it does not";
    EXPECT_EQ(look(awake(milliseconds(6))), Verdict::look);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(look(awake(milliseconds(6))), Verdict::look) << i;
    gate.looked(at(Duration(0)), 10);
    EXPECT_EQ(look(asleep(milliseconds(6))), Verdict::skip);
}

/// When the second full look comes, the first being at 0.
Duration second_full_look(std::size_t descriptors) {
    RunGate gate;
    tick(gate, asleep(milliseconds(5)), Duration(0), descriptors);
    for (Duration time = milliseconds(100); time < seconds(60); time += milliseconds(100))
        if (tick(gate, asleep(milliseconds(5)), time, descriptors) == Verdict::recheck) return time;
    return Duration(0);
}

TEST(RunGate, TakesAFullLookOnceASecondOrRarerWhereItIsDear) {
    EXPECT_EQ(second_full_look(1), seconds(1));
    EXPECT_EQ(second_full_look(200), seconds(1));
    EXPECT_EQ(second_full_look(500), milliseconds(2500));
    EXPECT_EQ(second_full_look(1000), seconds(5));
    EXPECT_EQ(second_full_look(1'000'000), seconds(5));
}

TEST(RunGate, ThreadsAreAskedWhereALookWouldCostMore) {
    EXPECT_LT(RunGate::threads_worth_asking(3), 10);
    EXPECT_GE(RunGate::threads_worth_asking(100), 4);
    EXPECT_LT(RunGate::threads_worth_asking(100), 100);
    EXPECT_GE(RunGate::threads_worth_asking(1000), 100);
}

}  // namespace
}  // namespace logfia
