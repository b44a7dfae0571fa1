#pragma once

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace logfia::test {

/// `open 7`, `connect 7 127.0.0.1:53`.
inline std::string line_of(const Event& event) {
    std::string line = fmt::format("{} {}", to_string(event.kind), fd_of(event).descriptor.fd);
    const SocketInfo* socket = fd_of(event).descriptor.socket.get();
    if (socket != nullptr && socket->remote) {
        line += ' ';
        append_endpoint(line, *socket->remote);
    }
    return line;
}

/// A helper that is watched, on a calendar that the test writes.
class WatchedHelper {
  public:
    /// Begins to watch, with a look, when the helper may already have done something.
    void watch(bool copies = true, Duration interval = std::chrono::milliseconds(1)) {
        auto root = ProcRoot::open("/proc");
        ASSERT_TRUE(root);
        const std::vector<pid_t> pids{maker_.pid()};
        OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(pids.size()));
        ASSERT_EQ(opened.processes.size(), 1U);
        PollerOptions options;
        options.interval = interval;
        options.copies = copies;
        options.totals = true;
        options.targets = true;
        options.hangups = hangups_;
        poller_ = std::make_unique<Poller>(std::move(*root), options, numbers_);
        poller_->processes().add(std::move(opened.processes.front()));
        look(std::chrono::milliseconds(0));
    }

    /// The events of a look this much later.
    std::vector<Event> look(Duration later = std::chrono::milliseconds(1)) {
        now_.wall += std::chrono::duration_cast<WallTime::duration>(later);
        now_.steady += later;
        KeptEvents kept;
        poller_->look(now_, kept);
        EXPECT_THAT(kept.notices, ::testing::IsEmpty());
        return kept.events;
    }
    std::vector<std::string> lines(Duration later = std::chrono::milliseconds(1)) {
        std::vector<std::string> all;
        for (const Event& event : look(later)) all.push_back(line_of(event));
        return all;
    }
    [[nodiscard]] std::uint64_t questions_put() const { return poller_->sockets().questions_put(); }
    [[nodiscard]] std::uint64_t tables_read() const {
        return poller_->sockets().tables().tables_read();
    }

  protected:
    FdMaker maker_;
    bool hangups_ = false;  // set before watch()

  private:
    Numbers numbers_;
    std::unique_ptr<Poller> poller_;
    Now now_{WallTime(std::chrono::seconds(1'500'000'000)), SteadyTime(std::chrono::seconds(1000))};
};

}  // namespace logfia::test
