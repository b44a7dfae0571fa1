#pragma once

#include <logfia/app/system.hpp>
#include <logfia/base/waiter.hpp>
#include <logfia/event/notice_sink.hpp>
#include <logfia/process/command.hpp>
#include <logfia/process/signals.hpp>

#include <poll.h>

#include <optional>
#include <span>
#include <utility>

namespace logfia {

/// The real System: epoll(7), the signals of this process, and the command, to which signals and
/// stops are passed on.
class LinuxSystem final : public System {
  public:
    /// All references must outlive this object; `command` is null when there is none.
    LinuxSystem(Waiter waiter, StopSignals& signals, Command* command, NoticeSink& notices)
        : waiter_(std::move(waiter)), signals_(signals), command_(command), notices_(notices) {}

    [[nodiscard]] Now now() override { return read_clocks(); }
    void want(int fd, short events) override { waiter_.want(fd, events); }
    void forget(int fd) override { waiter_.forget(fd); }
    void want_instead(std::span<const pollfd> fds) override { waiter_.want_instead(fds); }
    Result<std::span<const pollfd>> sleep_until(std::optional<SteadyTime> time) override;
    StopRequests attend(SteadyTime now) override;
    void set_sources_state(SourcesState state) override { sources_ = state; }

  private:
    [[nodiscard]] std::optional<Duration> time_to_sleep(std::optional<SteadyTime> until) const;

    Waiter waiter_;
    StopSignals& signals_;
    Command* command_;
    NoticeSink& notices_;
    SourcesState sources_ = SourcesState::at_work;
};

}  // namespace logfia
