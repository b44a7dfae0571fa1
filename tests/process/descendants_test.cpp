#include "support/fake_proc.hpp"
#include <logfia/process/descendants.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> names(const test::FakeProc& proc, pid_t ancestor) {
    const auto root = ProcRoot::open(proc.path());
    std::vector<std::string> list;
    for (const Descendant& one : descendants_of(*root, ancestor))
        list.push_back(one.comm + std::to_string(one.pid));
    return list;
}

TEST(DescendantsOf, AreTheLivingTheNearestFirst) {
    test::FakeProc proc;
    for (const int pid : {1, 7, 8, 9, 10, 11}) proc.add_process(pid, "p");
    proc.set_stat(9, {.state = 'Z'});
    proc.children(7, "8 9 10 ");
    proc.children(8, "11 12 ");  // 12 is gone by now
    for (const int pid : {9, 10, 11}) proc.children(pid, "");
    EXPECT_THAT(names(proc, 7), ElementsAre("p8", "p10", "p11"));
    EXPECT_THAT(names(proc, 10), IsEmpty());
    EXPECT_THAT(names(proc, 12), IsEmpty());
    EXPECT_THAT(names(proc, 1), IsEmpty()) << "the kernel tells no children";
}

TEST(DescendantsOf, AreBounded) {
    test::FakeProc proc;
    for (const int pid : {7, 8}) proc.add_process(pid, "p");
    std::string pids;
    for (int i = 0; i < 200; ++i) pids += "8 ";
    proc.children(7, pids);
    proc.children(8, "");
    EXPECT_THAT(names(proc, 7), SizeIs(kMostDescendants));
}

TEST(ShortList, NamesTheFirstFew) {
    std::vector<Descendant> some;
    EXPECT_EQ(short_list(some), "");
    some.push_back({4711, "sleep"});
    EXPECT_EQ(short_list(some), "sleep[4711]");
    some.push_back({4712, "a b"});
    some.push_back({4713, "cat"});
    EXPECT_EQ(short_list(some), "sleep[4711], a b[4712], cat[4713]");
    some.push_back({4714, "dog"});
    some.push_back({4715, "dog"});
    EXPECT_EQ(short_list(some), "sleep[4711], a b[4712], cat[4713] (and 2 more)");
    some.resize(kMostDescendants);
    EXPECT_EQ(short_list(some), "sleep[4711], a b[4712], cat[4713] (and at least 97 more)");
}

}  // namespace
}  // namespace logfia
