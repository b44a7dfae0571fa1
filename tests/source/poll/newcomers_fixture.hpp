#pragma once

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/process/process_set.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia::test {

/// `open initial 10 /a`.
inline std::string line_with_pid(const Event& event) {
    return fmt::format("{}{} {} {}", to_string(event.kind), fd_of(event).initial ? " initial" : "",
                       event.actor.pid, fd_of(event).descriptor.name);
}

/// A set in a procfs that is not ours, so that there is no connector, and new processes have to be
/// found.
class NewcomersTest : public ::testing::Test {
  protected:
    static constexpr int kSelf = 1000;

    NewcomersTest() {
        add(kSelf, "logfia", 1, 5000);
        proc_.set_status(kSelf, 1000, {kSelf, 7});  // in a PID namespace of its own
        proc_.self_is(kSelf);
    }
    void add(int pid, std::string_view comm, int parent = 1, std::uint64_t start_time = 1000) {
        proc_.add_process(pid, comm);
        FakeStat stat;
        stat.parent = parent;
        stat.start_time = start_time;
        proc_.set_stat(pid, stat);
    }
    void watch(WantedProcesses wanted) {
        make(std::move(wanted));
        errors_ = set_->begin(seen_);
    }
    void watch_command(WantedProcesses wanted, pid_t pid) {
        make(std::move(wanted));
        ASSERT_TRUE(set_->begin_with(pid, {}));
    }
    void make(WantedProcesses wanted) {
        auto root = ProcRoot::open(proc_.path());
        ASSERT_TRUE(root);
        PollerOptions options;
        options.interval = std::chrono::milliseconds(100);
        poller_ = std::make_unique<Poller>(std::move(*root), options, numbers_);
        const DescriptorBudget budget(wanted.expected());
        set_ = std::make_unique<ProcessSet>(std::move(wanted), options.interval, budget,
                                            poller_->root(), poller_->processes(), nullptr);
    }
    /// A tick of a watch.
    Lines tick() {
        now_.steady += std::chrono::milliseconds(100);
        seen_.lines.clear();
        set_->refresh(now_, seen_);
        poller_->look(now_, seen_);
        while (set_->adopt_children(seen_)) poller_->look_at_new(now_, seen_);
        return seen_.lines;
    }
    /// Takes news as the connector would report them between two ticks, and the first looks that
    /// follow.
    Lines hear(const std::vector<ProcessEvent>& news) {
        seen_.lines.clear();
        set_->hear(news, seen_);
        poller_->look_at_new(now_, seen_);
        return seen_.lines;
    }
    static ProcessEvent forked(pid_t pid, pid_t parent) {
        return {ProcessEvent::Kind::fork, pid, parent};
    }
    static ProcessEvent execed(pid_t pid) { return {ProcessEvent::Kind::exec, pid, 0}; }
    static ProcessEvent exited(pid_t pid) { return {ProcessEvent::Kind::exit, pid, 0}; }
    /// Ticks as often as a candidate may have to wait for.
    Lines tick_for_long() {
        Lines all;
        for (int i = 0; i < 200; ++i)
            for (std::string& line : tick()) all.push_back(std::move(line));
        return all;
    }
    static WantedProcesses named(const std::string& name) {
        WantedProcesses wanted;
        wanted.names = {name};
        return wanted;
    }
    static WantedProcesses following(pid_t pid) {
        WantedProcesses wanted;
        wanted.pids = {pid};
        wanted.follow = true;
        return wanted;
    }

    FakeProc proc_;
    Numbers numbers_;
    std::unique_ptr<Poller> poller_;
    std::unique_ptr<ProcessSet> set_;
    std::vector<Error> errors_;
    KeptEvents seen_{line_with_pid};
    Now now_{WallTime(std::chrono::seconds(1'500'000'000)), SteadyTime(std::chrono::seconds(1000))};
};

}  // namespace logfia::test
