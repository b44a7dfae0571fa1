#include <logfia/base/waiter.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace logfia {
namespace {

constexpr std::size_t kMostAtOnce = 64;

// EPOLL* and POLL* have the same bits on Linux.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

timespec to_timespec(Duration time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return {seconds.count(), (time - seconds).count()};
}

/// Rounded up: waking too early would mean to spin until it is time.
int to_milliseconds(Duration time) {
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    return static_cast<int>(std::min<long long>(whole, INT_MAX));
}

int sleep_in(int epoll, std::span<epoll_event> events, std::optional<Duration> timeout,
             const sigset_t* mask) {
    const int room = static_cast<int>(events.size());
    // With a timeout of 0 the kernel does not look for signals (ep_poll(), fs/eventpoll.c): a watch
    // that cannot keep its interval could not be stopped.
    if (timeout) timeout = std::max<Duration>(*timeout, std::chrono::nanoseconds(1));
    const timespec limit = to_timespec(timeout.value_or(Duration::zero()));
    const int count = epoll_pwait2(epoll, events.data(), room, timeout ? &limit : nullptr, mask);
    if (count >= 0 || errno == EINTR) return count;
    // Linux before 5.11 does not have epoll_pwait2(2), and some sandboxes refuse unknown calls.
    return epoll_pwait(epoll, events.data(), room, timeout ? to_milliseconds(*timeout) : -1, mask);
}

}  // namespace

Result<Waiter> Waiter::create() {
    UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return Error{"set up", "epoll", errno, {}};
    return Waiter(std::move(epoll));
}

void Waiter::want(int fd, short events) {
    if (fd < 0) return;
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(static_cast<unsigned short>(events));
    event.data.fd = fd;
    forget_refused(fd);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return;
    if (errno == ENOENT && epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return;
    if (errno != EBADF && events != 0) refused_.push_back({fd, events, 0});
}

void Waiter::forget(int fd) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    forget_refused(fd);
}

void Waiter::forget_refused(int fd) {
    std::erase_if(refused_, [fd](const pollfd& one) { return one.fd == fd; });
}

void Waiter::want_instead(std::span<const pollfd> fds) {
    for (const int fd : passing_) {
        if (std::none_of(fds.begin(), fds.end(), [fd](const pollfd& p) { return p.fd == fd; }))
            forget(fd);
    }
    passing_.clear();
    for (const pollfd& wanted : fds) {
        want(wanted.fd, wanted.events);
        passing_.push_back(wanted.fd);
    }
}

/// An epoll can be polled itself: it is readable when one of its descriptors is ready.
int Waiter::poll_refused(std::optional<Duration> timeout, const sigset_t* mask) {
    const timespec limit = to_timespec(timeout.value_or(Duration::zero()));
    polled_.assign(refused_.begin(), refused_.end());
    polled_.push_back({epoll_.get(), POLLIN, 0});
    const int count = ppoll(polled_.data(), polled_.size(), timeout ? &limit : nullptr, mask);
    polled_.pop_back();
    if (count <= 0) return count;
    for (const pollfd& one : polled_) {
        if ((one.revents & POLLNVAL) != 0)
            forget_refused(one.fd);
        else if (one.revents != 0)
            ready_.push_back(one);
    }
    return count;
}

Result<std::span<const pollfd>> Waiter::wait(std::optional<Duration> timeout,
                                             const sigset_t* mask) {
    std::array<epoll_event, kMostAtOnce> events;
    ready_.clear();
    int count = 1;
    if (!refused_.empty()) {
        count = poll_refused(timeout, mask);
        timeout = Duration::zero();
    }
    if (count > 0) count = sleep_in(epoll_.get(), events, timeout, mask);
    if (count < 0 && errno != EINTR) return Error{"wait for", "the next event", errno, {}};
    if (count > 0) add_ready(std::span(events).first(static_cast<std::size_t>(count)));
    return std::span<const pollfd>(ready_);
}

std::span<const pollfd> Waiter::ready_now() {
    std::array<epoll_event, kMostAtOnce> events;
    ready_.clear();
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    if (count > 0) add_ready(std::span(events).first(static_cast<std::size_t>(count)));
    return ready_;
}

void Waiter::add_ready(std::span<const epoll_event> events) {
    for (const epoll_event& event : events)
        ready_.push_back({event.data.fd, 0, static_cast<short>(event.events)});
}

}  // namespace logfia
