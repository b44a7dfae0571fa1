#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include <optional>
#include <span>
#include <vector>

namespace logfia {

/// Sleeps until one of its descriptors is ready, the time has come or a signal was caught.
///
/// Uses epoll(7), since the set of descriptors stays the same from tick to tick: ppoll(2) would
/// queue up at each descriptor and leave again, which makes a tick of an idle watch with two of
/// them 10 % more expensive, and grows with every process that is watched.
class Waiter {
  public:
    static Result<Waiter> create();

    /// Waits for these poll(2) events of `fd` from now on; errors and hang-ups are always reported.
    /// A file that epoll refuses (EPERM: /dev/null, say; epoll_ctl(2)) counts as always ready, as
    /// with poll(2). A closed descriptor is forgotten without further calls.
    void want(int fd, short events);
    void forget(int fd);

    /// Waits for exactly these descriptors from now on, instead of those of the last call. For a
    /// caller that does not control when its descriptors are opened and closed.
    void want_instead(std::span<const pollfd> fds);

    /// An epoll(7) that is readable when a descriptor is ready (except for those that epoll
    /// refuses), so that one waiter can wait for another. The descriptor stays the waiter's.
    [[nodiscard]] int fd() const { return epoll_.get(); }
    /// Returns what is ready now, except for files that epoll refuses. Does not sleep. Valid until
    /// the next call.
    std::span<const pollfd> ready_now();

    /// Returns what is ready; nothing after a signal or when the time has come. Valid until the
    /// next call. Without `timeout`, waits for ever. `mask`: the signals blocked meanwhile. An
    /// Error means that the kernel refuses to wait, so that trying again would spin.
    Result<std::span<const pollfd>> wait(std::optional<Duration> timeout, const sigset_t* mask);

  private:
    explicit Waiter(UniqueFd epoll) : epoll_(std::move(epoll)) {}
    void forget_refused(int fd);
    void add_ready(std::span<const epoll_event> events);
    int poll_refused(std::optional<Duration> timeout, const sigset_t* mask);

    UniqueFd epoll_;
    std::vector<pollfd> ready_;
    std::vector<pollfd> refused_;  // by epoll: regular files, and what is beyond its limits
    std::vector<pollfd> polled_;   // refused_, and epoll
    std::vector<int> passing_;     // of the last want_instead
};

}  // namespace logfia
