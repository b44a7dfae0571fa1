#include <logfia/process/family.hpp>

#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

/// `12 11? 10`: 11 may be another process by now.
std::string line(const Family& family, pid_t pid) {
    std::string text;
    for (const Ancestor& one : family.ancestors_of(pid)) {
        if (!text.empty()) text += ' ';
        text += std::to_string(one.pid) + (one.lives ? "" : "?");
    }
    return text;
}

TEST(FamilyTest, TheLineGoesUpToTheFirst) {
    Family family;
    family.follow(10, 0);
    family.follow(11, 10);
    family.follow(12, 11);
    EXPECT_EQ(line(family, 12), "11 10");
    EXPECT_EQ(line(family, 10), "");
    EXPECT_EQ(line(family, 99), "");
    EXPECT_EQ(family.parent_of(12), 11);
    EXPECT_EQ(family.parent_of(99), 0);
}

TEST(FamilyTest, WhoHasEndedIsStillAnAncestor) {
    Family family;
    family.follow(10, 0);
    family.follow(11, 10);
    family.follow(12, 11);
    family.forget(11);
    EXPECT_EQ(line(family, 12), "11? 10");
    family.follow(13, 12);
    EXPECT_EQ(line(family, 13), "12 11? 10");
    family.follow(11, 10);  // given the same number
    EXPECT_EQ(line(family, 13), "12 11? 10");
}

TEST(FamilyTest, WhoWasThereBeforeMayBeAlive) {
    Family family;
    family.note(11, 10);
    EXPECT_EQ(line(family, 11), "10");
    family.note(10, 1);  // somebody new
    EXPECT_EQ(line(family, 11), "10?");
}

TEST(FamilyTest, NotedIsNotFollowed) {
    Family family;
    family.follow(10, 0);
    family.note(11, 10);
    EXPECT_TRUE(family.follows(10));
    EXPECT_FALSE(family.follows(11));
    EXPECT_FALSE(family.follows(12));
    family.note(10, 1);
    EXPECT_FALSE(family.follows(10)) << "the number was given again";
}

TEST(FamilyTest, TheStartTimeTellsWhoHadTheNumberBefore) {
    Family family;
    family.note(11, 10);
    EXPECT_EQ(family.parent_of(11, 70), 10) << "its start time is not known yet";
    family.set_start(11, 70);
    EXPECT_EQ(family.parent_of(11, 70), 10);
    EXPECT_EQ(family.parent_of(11, 80), 0);
}

TEST(FamilyTest, ALongLineIsCut) {
    Family family;
    family.follow(1000, 0);
    for (pid_t pid = 1001; pid < 1500; ++pid) family.follow(pid, pid - 1);
    EXPECT_EQ(family.ancestors_of(1499).size(), 64U);
}

/// The end of some processes is never reported.
TEST(FamilyTest, ManyAreACrowd) {
    Family family;
    pid_t pid = 1;
    while (!family.is_crowded()) {
        family.follow(pid, 0);
        family.set_start(pid, static_cast<std::uint64_t>(pid) * 10);
        ++pid;
    }
    family.keep_if(
        [](pid_t one, std::uint64_t start_time) { return one == 7 && start_time == 70; });
    EXPECT_EQ(family.size(), 1U);
    EXPECT_TRUE(family.follows(7));
    EXPECT_FALSE(family.is_crowded());
}

}  // namespace
}  // namespace logfia
