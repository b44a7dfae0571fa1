#include "allocation/counting.hpp"
#include "app/calendar.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/app/loop.hpp>
#include <logfia/output/text_writer.hpp>
#include <logfia/source/poll/poll_source.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace logfia::test {
namespace {

std::unique_ptr<Source> idle_source(const FakeProc& proc, Numbers& numbers) {
    PollerOptions options;
    options.interval = milliseconds(1);
    WantedProcesses wanted;
    wanted.pids = {10};
    wanted.follow = true;
    auto source =
        PollSource::create(std::move(*ProcRoot::open(proc.path())), options, wanted, numbers);
    CountedEvents nobody;
    EXPECT_TRUE((*source)->find_processes(nobody).empty());
    return std::move(*source);
}

/// A turn in which the tick finds nothing new, from one sleep to the next.
TEST(AllocationsOfALoop, NoneInAnIdleTurn) {
    FakeProc proc;
    Numbers numbers;
    proc.add_process(10, "worker");
    proc.open(10, 3, "/a");
    const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    Calendar calendar;
    Notices notices(STDERR_FILENO);
    Loop::Parts parts{{},
                      Pipeline([] {
                          Pipeline::Parts pipeline;
                          pipeline.writers.push_back({std::make_unique<TextWriter>(TextOptions{})});
                          return pipeline;
                      }()),
                      std::move(*Output::to_descriptor(nowhere.get(), "nowhere"))};
    parts.sources.push_back(idle_source(proc, numbers));
    LoopOptions options;
    options.until = Calendar::time_at(200);
    std::size_t before = 0;
    std::size_t after = 0;
    calendar.before_sleep([&] {
        if (calendar.sleeps() == 20) before = allocations;
        if (calendar.sleeps() == 120) after = allocations;
    });
    Loop loop(std::move(parts), calendar, notices, options);
    EXPECT_EQ(loop.run(), ExitStatus::success);
    ASSERT_GT(calendar.sleeps(), 120);
    EXPECT_EQ(after - before, 0U);
}

}  // namespace
}  // namespace logfia::test
