#include <logfia/report/open_times.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool fill(const std::vector<int>& times, int whole) {
    OpenTimes open_times;
    for (const int time : times) open_times.note(seconds(time));
    return open_times.fill_each_third(seconds(whole));
}

TEST(OpenTimesTest, EachThirdMustHaveOne) {
    EXPECT_TRUE(fill({0, 10, 20}, 30));
    EXPECT_TRUE(fill({9, 19, 30}, 30));
    EXPECT_FALSE(fill({0, 9, 20}, 30));
    EXPECT_FALSE(fill({0, 10, 19}, 30));
    EXPECT_FALSE(fill({10, 20, 29}, 30));
    EXPECT_FALSE(fill({}, 30));
    EXPECT_TRUE(fill({5, 15, 25}, 30));
    EXPECT_FALSE(fill({5, 15, 25}, 3000)) << "nothing came later";
}

TEST(OpenTimesTest, TheLaterThirdsAlone) {
    OpenTimes times;
    times.note(seconds(15));
    EXPECT_FALSE(times.fill_later_thirds(seconds(30)));
    times.note(seconds(25));
    EXPECT_TRUE(times.fill_later_thirds(seconds(30)));
    EXPECT_FALSE(times.fill_each_third(seconds(30)));
}

TEST(OpenTimesTest, WhatIsNotedBeforeTheStartCountsAtTheStart) {
    OpenTimes times;
    times.note(-seconds(1));
    times.note(seconds(15));
    times.note(seconds(25));
    EXPECT_TRUE(times.fill_each_third(seconds(30)));
}

/// Compares with all times, whatever their order.
TEST(OpenTimesTest, AreExact) {
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    const auto below = [&](int limit) {
        return std::uniform_int_distribution<int>(0, limit - 1)(random);
    };
    for (int round = 0; round < 2000; ++round) {
        const auto whole = milliseconds(10'000 + below(100'000) * (round % 7));
        OpenTimes some;
        OpenTimes others;
        bool third[3] = {};
        for (int i = 0; i < 5; ++i) {
            const auto time = milliseconds(below(static_cast<int>(whole.count())));
            (i % 2 == 0 ? some : others).note(time);
            third[static_cast<unsigned>(3 * time / whole)] = true;
        }
        some.merge(others);
        EXPECT_EQ(some.fill_each_third(whole), third[0] && third[1] && third[2]) << round;
    }
}

}  // namespace
}  // namespace logfia
