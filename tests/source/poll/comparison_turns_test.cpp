#include <logfia/source/poll/comparison_turns.hpp>

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace logfia {
namespace {

constexpr int kMost = 80;
constexpr pid_t kHighest = 30;

/// How many comparisons each process may make in one look, of as many as it wants, in the order of
/// the PIDs.
std::vector<int> look(ComparisonTurns& turns, const std::map<pid_t, int>& wanted) {
    turns.begin_look(kMost, kHighest);
    std::vector<int> made;
    for (const auto& [pid, most] : wanted) {
        made.push_back(0);
        for (int left = turns.claim(pid); left > 0 && made.back() < most; --left) {
            turns.spend_one();
            ++made.back();
        }
    }
    return made;
}

using Made = std::vector<int>;

TEST(ComparisonTurns, WhoIsLeftOutComesFirstInTheNextLook) {
    ComparisonTurns turns;
    const std::map<pid_t, int> all{{10, 100}, {20, 100}, {30, 5}};
    EXPECT_EQ(look(turns, all), (Made{80, 0, 0}));
    EXPECT_EQ(look(turns, all), (Made{10, 70, 0})) << "an eighth for those before";
    EXPECT_EQ(look(turns, all), (Made{10, 0, 5}));
    EXPECT_EQ(look(turns, all), (Made{80, 0, 0}));
}

TEST(ComparisonTurns, WhatNobodyElseWantsIsTheFirstOnes) {
    ComparisonTurns turns;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(look(turns, {{10, 100}}), Made{80});
}

TEST(ComparisonTurns, ATurnIsKeptUntilSomebodyCompares) {
    ComparisonTurns turns;
    const std::map<pid_t, int> all{{10, 100}, {20, 100}};
    look(turns, all);
    for (int i = 0; i < 3; ++i) look(turns, {});
    EXPECT_EQ(look(turns, all), (Made{10, 70}));
}

TEST(ComparisonTurns, TheTurnOfOneThatHasEndedIsTheLowests) {
    ComparisonTurns turns;
    look(turns, {{10, 100}, {40, 1}});
    EXPECT_EQ(look(turns, {{10, 100}}), Made{80});
}

TEST(ComparisonTurns, TheFirstIsWhoeverGetsTheMost) {
    ComparisonTurns turns;
    turns.begin_look(1, kHighest);
    EXPECT_TRUE(turns.is_first(10));
    EXPECT_EQ(turns.claim(10), 1);
    turns.spend_one();
    EXPECT_FALSE(turns.is_first(20));
    EXPECT_EQ(turns.claim(20), 0);
    turns.begin_look(1, kHighest);
    EXPECT_EQ(turns.claim(10), 0) << "of one there is no eighth";
    EXPECT_FALSE(turns.is_first(10));
    EXPECT_TRUE(turns.is_first(20));
    EXPECT_EQ(turns.claim(20), 1);
}

}  // namespace
}  // namespace logfia
