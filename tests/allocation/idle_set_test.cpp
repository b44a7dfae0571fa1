#include "allocation/counting.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/process/process_set.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

namespace logfia {
namespace {

using std::chrono::milliseconds;

/// How often memory is allocated in a hundred ticks in which no process comes or goes. In a procfs
/// that is not ours nothing reports other processes, of which there may be some at any time.
std::size_t allocations_of_idle_ticks(const std::string& proc, pid_t pid) {
    auto root = ProcRoot::open(proc);
    PollerOptions options;
    options.interval = milliseconds(1);
    Numbers numbers;
    Poller poller(std::move(*root), options, numbers);
    WantedProcesses wanted;
    wanted.pids = {pid};
    wanted.follow = true;
    ProcessSet set(wanted, options.interval, DescriptorBudget(wanted.expected()), poller.root(),
                   poller.processes(), nullptr);
    test::CountedEvents sink;
    EXPECT_TRUE(set.begin(sink).empty());
    Now now = read_clocks();
    const auto tick = [&] {
        now.steady += options.interval.duration();
        set.refresh(now, sink);
        poller.look(now, sink);
        while (set.adopt_children(sink)) poller.look_at_new(now, sink);
    };
    for (int warm_up = 0; warm_up < 10; ++warm_up) tick();
    EXPECT_EQ(poller.processes().watched(), 2U);
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) tick();
    return allocations - before;
}

TEST(AllocationsOfASet, NoneWhereChildrenAreListed) {
    test::FakeProc proc;
    for (const int pid : {10, 11}) proc.add_process(pid, "worker");
    proc.open(10, 3, "/a");
    proc.children(10, "11 ");
    EXPECT_EQ(allocations_of_idle_ticks(proc.path(), 10), 0U);
}

}  // namespace
}  // namespace logfia
