#pragma once

#include <logfia/app/system.hpp>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace logfia::test {

using std::chrono::milliseconds;

/// A simulated operating system: a sleep ends at once, and the clock then shows the time that was
/// slept to. Descriptors from kFirstFake on are ready when the test says so; all others are really
/// polled.
class Calendar final : public System {
  public:
    static constexpr int kFirstFake = 1'000'000;

    /// Does something once that time has come, whoever sleeps then.
    void at(int ms, std::function<void()> what) { plan_.emplace(time_at(ms), std::move(what)); }
    /// Does something before each sleep.
    void before_sleep(std::function<void()> what) { before_sleep_ = std::move(what); }
    void advance(Duration time) { now_ += time; }
    void signal_at(int ms) {
        at(ms, [this] { ++requests_.all, ++requests_.own; });
    }
    /// A signal that is passed on to a command.
    void passed_on_signal_at(int ms) {
        at(ms, [this] { ++requests_.all; });
    }
    void refuse_sleep_at(int ms) {
        at(ms, [this] { refuses_ = true; });
    }
    void make_ready(int fd) { ready_fakes_.insert(fd); }
    void make_unready(int fd) { ready_fakes_.erase(fd); }

    [[nodiscard]] static SteadyTime time_at(int ms) {
        return SteadyTime(std::chrono::hours(1)) + milliseconds(ms);
    }
    [[nodiscard]] static long ms_of(SteadyTime time) {
        return (time - time_at(0)) / milliseconds(1);
    }
    [[nodiscard]] long ms() const { return ms_of(now_); }
    [[nodiscard]] bool wants(int fd) const { return wanted_.contains(fd); }
    [[nodiscard]] int sleeps() const { return sleeps_; }
    [[nodiscard]] int readings() const { return readings_; }
    [[nodiscard]] bool sources_rest() const { return sources_ == SourcesState::at_rest; }

    /// Reading the clock takes a while, so that a source that is always busy does not stop the
    /// time.
    [[nodiscard]] Now now() override {
        ++readings_;
        now_ += std::chrono::microseconds(1);
        return {WallTime(std::chrono::hours(1)) + milliseconds(ms()), now_};
    }
    void want(int fd, short events) override {
        if (fd >= 0) wanted_[fd] = events;
    }
    void forget(int fd) override { wanted_.erase(fd); }
    void want_instead(std::span<const pollfd>) override {}
    Result<std::span<const pollfd>> sleep_until(std::optional<SteadyTime> time) override;
    StopRequests attend(SteadyTime) override { return requests_; }
    void set_sources_state(SourcesState state) override { sources_ = state; }

  private:
    void do_what_is_planned() {
        while (!plan_.empty() && plan_.begin()->first <= now_) {
            const auto what = std::move(plan_.begin()->second);
            plan_.erase(plan_.begin());
            what();
        }
    }
    void find_ready();

    SteadyTime now_ = time_at(0);
    std::multimap<SteadyTime, std::function<void()>> plan_;
    std::function<void()> before_sleep_;
    std::map<int, short> wanted_;
    std::set<int> ready_fakes_;
    std::vector<pollfd> ready_;
    StopRequests requests_;
    bool refuses_ = false;
    SourcesState sources_ = SourcesState::at_work;
    int sleeps_ = 0;
    int readings_ = 0;
};

inline Result<std::span<const pollfd>> Calendar::sleep_until(std::optional<SteadyTime> time) {
    ++sleeps_;
    if (before_sleep_) before_sleep_();
    do_what_is_planned();
    find_ready();
    if (ready_.empty()) {
        if (!plan_.empty()) time = std::min(time.value_or(SteadyTime::max()), plan_.begin()->first);
        if (!time) return Error{"sleep", "for ever", 0, "nothing else would happen"};
        now_ = std::max(now_, *time);
        do_what_is_planned();
        find_ready();
    }
    if (refuses_) return Error{"sleep", "at all", 0, {}};
    return std::span<const pollfd>(ready_);
}

inline void Calendar::find_ready() {
    ready_.clear();
    for (const auto& [fd, events] : wanted_) {
        pollfd one{fd, events, 0};
        if (fd >= kFirstFake)
            one.revents = ready_fakes_.contains(fd) ? POLLIN : 0;
        else
            poll(&one, 1, 0);
        if (one.revents != 0) ready_.push_back(one);
    }
}

}  // namespace logfia::test
