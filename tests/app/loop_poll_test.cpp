// The loop with the source that looks at processes, on a calendar and in a tree that the test
// builds: the end of a watch whose output is so far behind that the looks are paused.

#include "app/loop_fixture.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/source/poll/poll_source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace logfia::test {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr int kOpen = 20;  // more records than may wait

class PausedWatchTest : public LoopTest {
  protected:
    PausedWatchTest() {
        record_length_ = 1023;
        options_.max_backlog = 8 * 1024;
        proc_.add_process(10, "worker");
        for (int fd = 0; fd < kOpen; ++fd) proc_.open(10, fd, "/a");
        add_source(make_source());
    }
    std::unique_ptr<Source> make_source() {
        PollerOptions options;
        options.interval = milliseconds(10);
        WantedProcesses wanted;
        wanted.pids = {10};
        auto source =
            PollSource::create(std::move(*ProcRoot::open(proc_.path())), options, wanted, numbers_);
        CountedEvents nobody;
        (*source)->find_processes(nobody);
        return std::move(*source);
    }
    [[nodiscard]] Lines records() const {
        Lines all = lines();
        std::erase_if(all, [](const std::string& line) { return line.starts_with("lost"); });
        return all;
    }
    [[nodiscard]] Lines losses() const {
        Lines all = lines();
        std::erase_if(all, [](const std::string& line) { return !line.starts_with("lost"); });
        return all;
    }
    /// While nobody reads yet.
    void process_ends_at(int ms) {
        calendar_.at(ms, [this] { proc_.end(10); });
    }
    void reads_from_600() {
        reads_from(600);
        calendar_.at(600, [] {});
    }

    Numbers numbers_;
    FakeProc proc_;
};

TEST_F(PausedWatchTest, EndsWithItsProcess) {
    process_ends_at(300);
    reads_from_600();
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(losses(), ElementsAre(StartsWith("lost looking stopped for 0.6 s")));
    EXPECT_EQ(records().size(), 2 * kOpen + 1U);
    EXPECT_EQ(records().back(), "end 600 of 40");
}

TEST_F(PausedWatchTest, EndsWhenItsCountIsReached) {
    parts_.limit = kOpen + 7;
    process_ends_at(300);
    reads_from_600();
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(losses(), ElementsAre(StartsWith("lost looking stopped for 0.6 s")));
    EXPECT_EQ(records().back(), "end 600 of 27");
}

TEST_F(PausedWatchTest, EndsAfterItsDuration) {
    options_.until = Calendar::time_at(500);
    reads_from_600();
    EXPECT_EQ(run(), ExitStatus::success);
    EXPECT_THAT(losses(), ElementsAre(StartsWith("lost looking stopped for 0.5 s")));
    EXPECT_EQ(records().back(), "end 500 of 20");
    EXPECT_LT(calendar_.sleeps(), 20) << "its ticks wake nobody";
}

}  // namespace
}  // namespace logfia::test
