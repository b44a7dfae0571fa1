#include <logfia/source/seccomp/change_order.hpp>

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace logfia {
namespace {

SteadyTime second(int seconds) {
    return SteadyTime(std::chrono::seconds(seconds));
}

/// `number` tells it from others.
Change change(int seconds, std::uint64_t number) {
    return {{WallTime(std::chrono::seconds(seconds)), second(seconds)}, TableEnded{number}};
}

std::uint64_t number_of(const Change& change) {
    return std::get<TableEnded>(change.what).table;
}

std::vector<std::uint64_t> take_all(ChangeOrder& order, SteadyTime until) {
    std::vector<std::uint64_t> numbers;
    while (const auto change = order.take(until)) numbers.push_back(number_of(*change));
    return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(ChangeOrder, PutsTheEarliestFirst) {
    ChangeOrder order;
    EXPECT_TRUE(order.empty());
    order.add(change(3, 1));
    order.add(change(1, 2));
    order.add(change(2, 3));
    EXPECT_FALSE(order.empty());
    EXPECT_EQ(take_all(order, SteadyTime::max()), (Numbers{2, 3, 1}));
    EXPECT_TRUE(order.empty());
}

TEST(ChangeOrder, KeepsTheOrderOfWhatHappenedAtOnce) {
    ChangeOrder order;
    for (std::uint64_t number = 0; number < 100; ++number) order.add(change(7, number));
    Numbers expected;
    for (std::uint64_t number = 0; number < 100; ++number) expected.push_back(number);
    EXPECT_EQ(take_all(order, SteadyTime::max()), expected);
}

TEST(ChangeOrder, KeepsWhatAnEarlierOneMayStillPrecede) {
    ChangeOrder order;
    order.add(change(1, 1));
    order.add(change(3, 3));
    EXPECT_EQ(take_all(order, second(2)), Numbers{1});
    EXPECT_FALSE(order.empty());
    order.add(change(2, 2));
    EXPECT_EQ(take_all(order, second(3)), (Numbers{2, 3}));
}

TEST(ChangeOrder, TimesNeverGoBack) {
    ChangeOrder order;
    order.add(change(5, 1));
    ASSERT_TRUE(order.take(SteadyTime::max()));
    order.add(change(4, 2));
    const auto late = order.take(SteadyTime::max());
    ASSERT_TRUE(late);
    EXPECT_EQ(late->at.steady, second(5));
    EXPECT_EQ(late->at.wall, WallTime(std::chrono::seconds(5)));
}

TEST(ChangeOrder, SortsWhateverComes) {
    std::mt19937 random(1);
    ChangeOrder order;
    SteadyTime last{};
    std::size_t taken = 0;
    constexpr int kSteps = 2000;
    for (int step = 0; step < kSteps; ++step) {
        order.add(change(step + static_cast<int>(random() % 20), 0));
        while (const auto next = order.take(second(step))) {
            EXPECT_GE(next->at.steady, last);
            EXPECT_LE(next->at.steady, second(step));
            last = next->at.steady;
            ++taken;
        }
    }
    EXPECT_EQ(taken + take_all(order, SteadyTime::max()).size(), std::size_t{kSteps});
}

}  // namespace
}  // namespace logfia
