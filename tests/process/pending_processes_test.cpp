#include <logfia/process/pending_processes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Retry = PendingProcesses::Retry;
using Why = PendingProcess::Why;

/// The times at which it is tried, in milliseconds, when it never succeeds.
std::vector<long> tries(Why why, Duration until) {
    PendingProcesses pending;
    const SteadyTime start{};
    pending.put({7, 1, why, {}, {}}, start, Retry::by_time);
    std::vector<long> times;
    for (SteadyTime now = start; now < start + until; now += milliseconds(1)) {
        std::vector<PendingProcess> due;
        pending.copy_due(now, due);
        if (due.empty()) continue;
        times.push_back(std::chrono::duration_cast<milliseconds>(now - start).count());
        pending.put(due.at(0), now, Retry::by_time);
    }
    return times;
}

TEST(PendingProcessesTest, ThePausesGrow) {
    EXPECT_THAT(tries(Why::lacking, seconds(4)),
                ElementsAre(1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2023, 3023));
    EXPECT_EQ(tries(Why::denied, seconds(60)).size(), 18U);
}

TEST(PendingProcessesTest, WhatIsKnownIsNoNews) {
    PendingProcesses pending;
    const auto put = [&](std::uint64_t start_time, Why why) {
        return pending.put({7, start_time, why, {}, {}}, SteadyTime{}, Retry::by_time);
    };
    EXPECT_TRUE(put(0, Why::lacking));
    EXPECT_FALSE(put(5, Why::lacking)) << "its start time is known by now";
    EXPECT_FALSE(put(0, Why::lacking)) << "and cannot be read just now";
    EXPECT_TRUE(put(5, Why::denied));
    EXPECT_FALSE(put(5, Why::denied));
    EXPECT_TRUE(put(6, Why::denied)) << "the number is another's";
    EXPECT_EQ(pending.count(Why::denied), 1U);
    EXPECT_EQ(pending.count(Why::lacking), 0U);
}

TEST(PendingProcessesTest, WhoHearsOfWhatMattersNeedNotTry) {
    PendingProcesses pending;
    pending.put({7, 1, Why::denied, {}, {}}, SteadyTime{}, Retry::on_news);
    std::vector<PendingProcess> due;
    pending.copy_due(SteadyTime{} + std::chrono::hours(1000), due);
    EXPECT_THAT(due, IsEmpty());
    pending.retry_all();
    pending.copy_due(SteadyTime{}, due);
    EXPECT_THAT(due, SizeIs(1));
}

}  // namespace
}  // namespace logfia
