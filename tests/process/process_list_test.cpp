#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/process/process_list.hpp>
#include <logfia/procfs/children.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace logfia {
namespace {

using test::FakeProc;
using test::FakeStat;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<pid_t> parse(std::string_view bytes) {
    std::vector<pid_t> pids;
    parse_children(bytes, pids);
    return pids;
}

TEST(ParseChildren, StopsAtWhatIsNoNumber) {
    EXPECT_THAT(parse("1 22 333 "), ElementsAre(1, 22, 333));
    EXPECT_THAT(parse(""), IsEmpty());
    EXPECT_THAT(parse(" "), IsEmpty());
    EXPECT_THAT(parse("1 22"), ElementsAre(1)) << "the last may be cut";
    EXPECT_THAT(parse("1 x 3 "), ElementsAre(1));
    EXPECT_THAT(parse("1 -2 3 "), ElementsAre(1));
    EXPECT_THAT(parse("99999999999 1 "), IsEmpty());
}

std::vector<pid_t> children_of(const std::string& path, pid_t pid) {
    auto root = ProcRoot::open(path);
    std::vector<pid_t> pids;
    EXPECT_EQ(append_children(*root, pid, pids).state, ChildrenListing::State::listed);
    return pids;
}

TEST(Children, OfARealProcessAndAllItsThreads) {
    test::FdMaker maker;
    maker.ask("thread 2");
    const int first = maker.fd("fork");
    const int second = maker.fd("fork");
    EXPECT_THAT(children_of("/proc", maker.pid()), UnorderedElementsAre(first, second));
    maker.ask("kill-child " + std::to_string(first));
    EXPECT_THAT(children_of("/proc", maker.pid()), ElementsAre(second));
    EXPECT_THAT(children_of("/proc", first), IsEmpty()) << "it is gone";
}

/// More than one read of the file holds.
TEST(Children, ManyOfThem) {
    std::vector<pid_t> made;
    for (int i = 0; i < 1000; ++i) {
        const pid_t child = fork();
        if (child == 0) _exit(0);
        made.push_back(child);
    }
    // Zombies are children all the same.
    const auto seen = children_of("/proc", getpid());
    for (const pid_t child : made) waitpid(child, nullptr, 0);
    EXPECT_EQ(seen.size(), made.size());
    EXPECT_TRUE(std::is_permutation(seen.begin(), seen.end(), made.begin(), made.end()));
}

TEST(Children, AKernelWithoutTheFileIsTold) {
    FakeProc proc;
    proc.add_process(7, "worker");
    proc.list_no_children();
    auto root = ProcRoot::open(proc.path());
    std::vector<pid_t> pids;
    EXPECT_EQ(append_children(*root, 7, pids).state, ChildrenListing::State::unsupported);
    proc.children(7, "8 9 ");
    EXPECT_EQ(append_children(*root, 7, pids).state, ChildrenListing::State::listed);
    EXPECT_THAT(pids, ElementsAre(8, 9));
}

TEST(ProcessList, IsInAscendingOrder) {
    FakeProc proc;
    for (const int pid : {300, 2, 41}) proc.add_process(pid, "x");
    proc.self({1});
    auto root = ProcRoot::open(proc.path());
    std::vector<pid_t> pids;
    EXPECT_EQ(list_processes(*root, pids).state, ProcessListing::State::listed);
    EXPECT_THAT(pids, ElementsAre(2, 41, 300));
    std::vector<pid_t> real;
    list_processes(*ProcRoot::open("/proc"), real);
    EXPECT_THAT(real, Contains(getpid()));
    EXPECT_TRUE(std::is_sorted(real.begin(), real.end()));
}

TEST(ProcessFactsTest, OfOneThatIsThereAndOneThatIsNot) {
    FakeProc proc;
    proc.add_process(7, "a b");
    FakeStat stat;
    stat.parent = 3;
    stat.start_time = 55;
    proc.set_stat(7, stat);
    auto root = ProcRoot::open(proc.path());
    const auto facts = read_facts(*root, 7);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->comm, "a b");
    EXPECT_EQ(facts->parent, 3);
    EXPECT_EQ(facts->start_time, 55U);
    EXPECT_FALSE(facts->kernel_thread || facts->zombie);
    EXPECT_FALSE(read_facts(*root, 8));
    EXPECT_FALSE(user_of(*root, 8));
    EXPECT_EQ(*user_of(*root, 7), uid_t{1000});
    stat.state = 'Z';
    stat.flags = 0x200000;
    proc.set_stat(7, stat);
    EXPECT_TRUE(read_facts(*root, 7)->zombie);
    EXPECT_TRUE(read_facts(*root, 7)->kernel_thread);
}

/// The kernel reports the end of a process before the process is a zombie.
TEST(ProcessFactsTest, OneThatIsExitingHasEnded) {
    FakeProc proc;
    proc.add_process(7, "brief");
    auto root = ProcRoot::open(proc.path());
    FakeStat stat;
    EXPECT_TRUE(lives(*root, 7));
    for (const char state : {'R', 'D', 'S'}) {
        stat.state = state;
        stat.flags = 0x400004;
        stat.threads = 1;
        proc.set_stat(7, stat);
        EXPECT_FALSE(lives(*root, 7)) << state;
        EXPECT_TRUE(read_facts(*root, 7)->zombie);
        stat.threads = 2;
        proc.set_stat(7, stat);
        EXPECT_TRUE(lives(*root, 7)) << "another thread goes on";
        stat.flags = 0x400000;
        proc.set_stat(7, stat);
        EXPECT_TRUE(lives(*root, 7));
    }
}

TEST(ProcessNames, AreComparedWithCommAndExecutable) {
    FakeProc proc;
    proc.add_process(7, "short");
    proc.exe(7, "/usr/bin/a long name (deleted)");
    auto root = ProcRoot::open(proc.path());
    const auto facts = read_facts(*root, 7);
    EXPECT_EQ(*executable_of(*root, 7), "a long name");
    EXPECT_TRUE(is_named(*root, *facts, {"sho*"}).value_or(false));
    EXPECT_TRUE(is_named(*root, *facts, {"no", "a long*"}).value_or(false));
    EXPECT_FALSE(is_named(*root, *facts, {"*deleted*"}).value_or(true));
    EXPECT_FALSE(is_named(*root, *facts, {"/usr/bin/*", "bin", "hort"}).value_or(true));
    EXPECT_FALSE(is_named(*root, *facts, {}).value_or(true));
    EXPECT_FALSE(executable_of(*root, 8));
    EXPECT_EQ(is_named(*root, {8, 1, "gone", 0}, {"x"}).error(), ENOENT);
}

}  // namespace
}  // namespace logfia
