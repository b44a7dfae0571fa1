#pragma once

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/process/process_events.hpp>
#include <logfia/source/poll/poll_source.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace logfia::test {

inline constexpr SteadyTime kBegin{std::chrono::hours(1)};

/// `MS EVENT PID NAME`, `MS lost REASON (MISSED)`.
inline std::string line_with_ms(const Event& event) {
    const auto ms = (event.at.steady - kBegin) / std::chrono::milliseconds(1);
    if (const Loss* loss = event.loss())
        return fmt::format("{} lost {} ({})", ms, loss->reason, loss->missed_ticks.value_or(0));
    return fmt::format("{} {} {} {}", ms, to_string(event.kind), event.actor.pid,
                       fd_of(event).descriptor.name);
}

/// Ticks of 100 ms in a tree that the test builds. There is no connector, but what a test gives.
class PollSourceTest : public ::testing::Test {
  protected:
    PollSourceTest() {
        poller_.interval = std::chrono::milliseconds(100);
        for (const int pid : {10, 11}) proc_.add_process(pid, "worker");
        proc_.open(10, 3, "/a");
    }
    void make(const std::string& proc, WantedProcesses wanted, PollSource::MayEnd may_end = {},
              std::unique_ptr<ProcessEvents> events = nullptr) {
        auto root = ProcRoot::open(proc);
        ASSERT_TRUE(root);
        auto source = PollSource::create(std::move(*root), poller_, std::move(wanted), numbers_,
                                         std::move(may_end), std::move(events));
        ASSERT_TRUE(source);
        source_ = std::move(*source);
        ASSERT_THAT(source_->find_processes(sink_), ::testing::IsEmpty());
    }
    static WantedProcesses only(pid_t pid) {
        WantedProcesses wanted;
        wanted.pids = {pid};
        return wanted;
    }
    static WantedProcesses following(pid_t pid) {
        WantedProcesses wanted = only(pid);
        wanted.follow = true;
        return wanted;
    }
    static Now at(int ms) {
        return {WallTime(std::chrono::milliseconds(ms)), kBegin + std::chrono::milliseconds(ms)};
    }
    Source::State run(int ms) { return source_->run(at(ms), sink_); }
    /// Up to the timetable, which begins at 0.
    void begin() {
        ASSERT_EQ(run(0), Source::State::busy);
        ASSERT_EQ(run(0), Source::State::waiting);
        sink_.take_lines();
    }

    FakeProc proc_;
    PollerOptions poller_;
    KeptEvents sink_{line_with_ms};
    Numbers numbers_;
    std::unique_ptr<PollSource> source_;
};

}  // namespace logfia::test
