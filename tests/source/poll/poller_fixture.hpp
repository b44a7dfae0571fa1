#pragma once

#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/source/poll/poller.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace logfia::test {

/// A watch of a tree that the test builds, on a calendar that the test writes.
class PollerFixture : public ::testing::Test {
  protected:
    explicit PollerFixture(KeptEvents::Format line_of) : seen_(line_of) {}

    void watch_all(const std::vector<pid_t>& pids, const Origin& origin = {},
                   Holding holding = Holding::descriptors) {
        auto root = ProcRoot::open(proc_.path());
        ASSERT_TRUE(root);
        poller_ = std::make_unique<Poller>(std::move(*root), options_, numbers_);
        for (const pid_t pid : pids) {
            auto process = Process::open(poller_->root(), pid, holding);
            ASSERT_TRUE(process) << describe(process.error());
            poller_->processes().add(std::move(*process), origin);
        }
    }
    Now later(Duration step) {
        now_.wall += std::chrono::duration_cast<std::chrono::microseconds>(step);
        now_.steady += step;
        return now_;
    }
    Lines look_after(Duration step) {
        seen_.clear();
        poller_->look(later(step), seen_);
        return seen_.lines;
    }

    FakeProc proc_;
    PollerOptions options_{.interval = std::chrono::milliseconds(100)};
    Numbers numbers_;
    std::unique_ptr<Poller> poller_;
    KeptEvents seen_;
    Now now_{WallTime(std::chrono::seconds(1'500'000'000)), SteadyTime(std::chrono::seconds(1000))};
};

}  // namespace logfia::test
