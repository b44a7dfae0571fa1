#include <logfia/source/poll/socket_timetable.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

constexpr Duration kFirstPauseOfReadings = std::chrono::milliseconds(10);
constexpr Duration kLongestPauseOfReadings = std::chrono::milliseconds(400);

/// A multiple of `pause`, half a pause to one and a half from now, so that one reading serves the
/// questions of all processes.
SteadyTime common_time(SteadyTime now, Duration pause) {
    const Duration since = now.time_since_epoch() + pause / 2;
    return SteadyTime((since / pause + 1) * pause);
}

}  // namespace

Duration ReadingPauses::first() const {
    const auto rows = static_cast<Duration::rep>(rows_);
    return std::max<Duration>(
        {interval_, kFirstPauseOfReadings, std::chrono::microseconds(20) * rows});
}

Duration ReadingPauses::longest() const {
    const auto rows = static_cast<Duration::rep>(rows_);
    return std::max<Duration>(kLongestPauseOfReadings, std::chrono::microseconds(100) * rows);
}

SteadyTime SocketTimetable::due(const Question& question, bool has_run, By by,
                                const ReadingPauses& pauses) {
    if (by == By::copies) return question.asked + (has_run ? kLeastPause : kSeldom);
    if (has_run) return question.reading;
    const Duration seldom = std::max(kSeldom, pauses.longest());
    return std::max(question.reading, question.asked + seldom);
}

SocketTimetable::Question& SocketTimetable::question_of(std::uint32_t slot) {
    if (slot >= by_slot_.size()) by_slot_.resize(slot + std::size_t{1}, kNone);
    std::uint32_t& index = by_slot_[slot];
    if (index == kNone) {
        index = static_cast<std::uint32_t>(questions_.size());
        questions_.emplace_back().slot = slot;
    }
    return questions_[index];
}

void SocketTimetable::keep(std::uint32_t slot, std::uint32_t turn, std::optional<Duration> cpu,
                           SteadyTime now) {
    Question& question = question_of(slot);
    question.turn = turn;
    question.cpu = cpu;
    question.asked = now;
    if (question.cpu != asked_cpu_) asked_cpu_.reset();
    next_ = std::min(next_, now + kSeldom);
}

void SocketTimetable::pause_readings(std::uint32_t slot, Pause pause, const ReadingPauses& pauses,
                                     SteadyTime now) {
    Question& question = question_of(slot);
    const Duration longest = std::max(pauses.first(), pauses.longest());
    const bool begins = pause == Pause::first || question.pause == Duration::zero();
    question.pause = begins ? pauses.first() : std::min(question.pause * 2, longest);
    question.reading = common_time(now, question.pause);
}

void SocketTimetable::owe_reading(std::uint32_t slot) {
    late_ = std::min(late_, question_of(slot).reading);
}

void SocketTimetable::forget(std::uint32_t slot) {
    if (slot >= by_slot_.size()) return;
    const std::uint32_t index = std::exchange(by_slot_[slot], kNone);
    if (index == kNone) return;
    questions_[index] = questions_.back();
    questions_.pop_back();
    if (index < questions_.size()) by_slot_[questions_[index].slot] = index;
}

}  // namespace logfia
