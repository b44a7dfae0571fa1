#include "allocation/counting.hpp"
#include "support/fake_proc.hpp"
#include <logfia/event/filter.hpp>
#include <logfia/process/process_set.hpp>
#include <logfia/report/leaks.hpp>
#include <logfia/report/summary.hpp>
#include <logfia/source/poll/poller.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Owns everything that keeps memory from one process to the next.
class Remembering final : public EventSink {
  public:
    void accept(Event&& event) override {
        ++events;
        if (filter_.judge(event) == Filter::Verdict::drop) return;
        summary_.note(event, "");
        leaks_.note(event);
    }
    void notice(std::string_view) override {}

    int events = 0;

  private:
    static FilterOptions options() {
        FilterOptions options;
        options.exclude.emplace_back("/proc/*");
        return options;
    }
    Filter filter_{options()};
    Summary summary_;
    Leaks leaks_{2};
};

/// Processes that come, open a file, close it and go, as `--leaks` watches them.
TEST(Memory, ProcessesThatComeAndGoLeaveNothing) {
    test::FakeProc proc;
    auto root = ProcRoot::open(proc.path());
    ASSERT_TRUE(root);
    PollerOptions options;
    options.interval = milliseconds(100);
    options.process_events.add(EventKind::exit);
    Numbers numbers;
    Poller poller(std::move(*root), options, numbers);
    WantedProcesses wanted;
    wanted.all = true;
    ProcessSet set(wanted, options.interval, DescriptorBudget(wanted.expected()), poller.root(),
                   poller.processes(), nullptr);
    Remembering sink;
    ASSERT_TRUE(set.begin(sink).empty());
    Now now{WallTime(seconds(1)), SteadyTime(seconds(1000))};
    const auto tick = [&] {
        now.steady += milliseconds(100);
        set.refresh(now, sink);
        poller.look(now, sink);
    };
    const auto come_and_go = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const int pid = 1000 + i % 30;
            proc.add_process(pid, "short");
            tick();
            proc.open(pid, 3, "/etc/hosts");
            tick();
            proc.close(pid, 3);
            tick();
            proc.end(pid);
            tick();
        }
    };
    // A process makes a dozen files here, which takes its time on a busy disk: as many as show a
    // single block that were kept of each beyond doubt.
    come_and_go(100);
    const std::size_t before = live_blocks;
    const int events = sink.events;
    come_and_go(300);
    EXPECT_EQ(sink.events - events, 900);
    // The fake tree's own map of names keeps its size; a few are what a hash table may grow by.
    EXPECT_LE(live_blocks, before + 5);
}

}  // namespace
}  // namespace logfia
