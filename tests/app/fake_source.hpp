#pragma once

#include "app/calendar.hpp"
#include "output/events.hpp"
#include <logfia/event/source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logfia::test {

/// A source that notices what a test has planned, and records who called it when.
class FakeSource final : public Source {
  public:
    FakeSource(Calendar& calendar, int number)
        : calendar_(calendar), fd_(Calendar::kFirstFake + number) {}

    /// A file of that name is opened: next() says when to look.
    void will_notice(int ms, const std::string& name) { will_notice(ms, open(name)); }
    void will_notice(int ms, Event event) {
        timetable_.emplace(Calendar::time_at(ms), std::move(event));
    }
    /// Like will_notice(), but only the descriptor becomes ready.
    void will_hear(int ms, const std::string& name) {
        calendar_.at(ms, [this, name] {
            heard_.push_back(name);
            if (!paused_ || hears_in_a_pause_) calendar_.make_ready(fd_);
        });
    }
    void will_end(int ms) { end_ = Calendar::time_at(ms); }
    void is_always_busy() { busy_ = true; }
    /// After this many events, the look continues only after this time.
    void takes_after(int events, Duration time, std::function<void()> meanwhile = {}) {
        takes_after_ = {events, time, std::move(meanwhile)};
    }
    /// Whatever is noticed is told only so much after run() was called.
    void takes_before(Duration time) { takes_before_ = time; }
    /// `lost` with that reason, when it is stopped.
    void has_untold(std::string reason, int times = 1) {
        untold_ = std::move(reason);
        times_untold_ = times;
    }

    /// In a pause its descriptor stays ready for what it hears.
    void hears_in_a_pause() { hears_in_a_pause_ = true; }

    [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
    [[nodiscard]] int runs() const { return runs_; }
    [[nodiscard]] int fd() const { return fd_; }

    static Event open(const std::string& name) {
        return make_event(EventKind::open, FdType::file, name);
    }

    [[nodiscard]] int ready_fd() const override { return fd_; }
    [[nodiscard]] std::optional<SteadyTime> next() const override {
        std::optional<SteadyTime> time = end_;
        if (!timetable_.empty())
            time = std::min(end_.value_or(SteadyTime::max()), timetable_.begin()->first);
        return time;
    }
    State run(Now now, EventSink& sink) override;
    void pause(Now now) override {
        note("pause", now);
        paused_ = true;
    }
    void resume(Now now, EventSink& sink) override {
        note("resume", now);
        paused_ = false;
        tell(lost(now, "looking stopped"), now, sink);
    }
    void stop(Now now, EventSink& sink) override {
        note("stop", now);
        for (int i = 0; i < times_untold_; ++i) tell(lost(now, untold_), now, sink);
    }
    [[nodiscard]] SourceTotals totals() const override {
        return {1, static_cast<std::uint64_t>(runs_), 0};
    }

  private:
    void note(const char* what, Now now) {
        calls_.push_back(fmt::format("{} {}", what, Calendar::ms_of(now.steady)));
    }
    struct Delay {
        int events = 0;
        Duration time{};
        std::function<void()> meanwhile{};
    };
    void tell(Event event, Now now, EventSink& sink) {
        event.at = now;
        if (told_ == 0) calendar_.advance(takes_before_);
        sink.accept(std::move(event));
        if (++told_ != takes_after_.events) return;
        if (takes_after_.meanwhile) takes_after_.meanwhile();
        calendar_.advance(takes_after_.time);
    }

    Calendar& calendar_;
    int fd_;
    std::multimap<SteadyTime, Event> timetable_;
    std::deque<std::string> heard_;
    std::optional<SteadyTime> end_;
    bool busy_ = false;
    bool hears_in_a_pause_ = false;
    bool paused_ = false;
    std::string untold_;
    int times_untold_ = 0;
    std::vector<std::string> calls_;  // but run
    int runs_ = 0;
    int told_ = 0;
    Delay takes_after_;
    Duration takes_before_{};
};

inline Source::State FakeSource::run(Now now, EventSink& sink) {
    ++runs_;
    calendar_.make_unready(fd_);
    for (; !heard_.empty(); heard_.pop_front()) tell(open(heard_.front()), now, sink);
    while (!paused_ && !timetable_.empty() && timetable_.begin()->first <= now.steady) {
        Event event = std::move(timetable_.begin()->second);
        timetable_.erase(timetable_.begin());
        tell(std::move(event), now, sink);
    }
    if (end_ && *end_ <= now.steady) return State::ended;
    return busy_ ? State::busy : State::waiting;
}

}  // namespace logfia::test
