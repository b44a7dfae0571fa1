// The part of SocketAsker that says when a socket is asked again.

#include <logfia/source/poll/socket_asker.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

/// A question costs about 1.2 µs, or less than a listing of as many descriptors.
constexpr std::size_t kAgainALook = 512;
/// Between two questions: not each of the looks that come back to back is worth one.
constexpr Duration kLeastPause = std::chrono::microseconds(500);
/// Between two questions about a process that has not run.
constexpr Duration kSeldom = std::chrono::seconds(5);
constexpr Duration kFirstPauseOfReadings = std::chrono::milliseconds(10);
constexpr Duration kLongestPauseOfReadings = std::chrono::milliseconds(400);

/// A multiple of `pause` that is half a pause to one and a half from now: so that one reading
/// serves the questions of all processes.
SteadyTime common_time(SteadyTime now, Duration pause) {
    const Duration since = now.time_since_epoch() + pause / 2;
    return SteadyTime((since / pause + 1) * pause);
}

}  // namespace

SocketAsker::Clock SocketAsker::clock_of(const WatchedProcess& watched) const {
    // Another process that shares the table may do what this one has not.
    return {watched.process.cpu_time(), watched.sharing == TableSharing::proved};
}

SteadyTime SocketAsker::due(const SocketQuestion& question, bool has_run, bool by_copy) const {
    if (by_copy) return question.asked + (has_run ? kLeastPause : kSeldom);
    if (has_run) return question.reading;
    const Duration seldom = std::max(kSeldom, longest_pause_of_readings());
    return std::max(question.reading, question.asked + seldom);
}

void SocketAsker::ask_again(WatchedProcess& watched, SteadyTime now) {
    watched.late_question = SteadyTime::max();
    if (watched.questions.empty()) return;
    const Clock clock = clock_of(watched);
    if (!clock.has_run_since(watched.asked_cpu) && now < watched.next_question) return;

    const bool by_copy = asks_copies(watched, now);
    bool all_asked = true;
    watched.next_question = SteadyTime::max();
    for (SocketQuestion& question : watched.questions) {
        const bool has_run = clock.has_run_since(question.cpu);
        const SteadyTime time = due(question, has_run, by_copy);
        bool asks = now >= time;
        if (asks) {
            ++waiting_;
            // Sockets that were asked lately let the others go first.
            asks = turn_ - question.turn >= turns_ && left_ > 0;
        }
        if (asks) {
            --left_;
            question.turn = turn_;
            question.cpu = clock.cpu;
            question.asked = now;
            watched.next_question = std::min(watched.next_question, now + kSeldom);
            push(watched, question.slot, whole_question(), true, now);
        } else if (has_run) {
            all_asked = false;
            watched.late_question = std::min(watched.late_question, time);
        } else {
            watched.next_question = std::min(watched.next_question, time);
        }
    }
    watched.asked_cpu = all_asked ? clock.cpu : std::nullopt;
}

void SocketAsker::begin_next_turn() {
    turns_ = static_cast<std::uint32_t>(waiting_ / kAgainALook) + 1;
    waiting_ = 0;
    left_ = kAgainALook;
    ++turn_;
}

bool SocketAsker::may_read_for(const Asked& asked, SteadyTime now) {
    const std::uint32_t index = asked.process->known[asked.slot].question;
    return index == KnownFd::kNoQuestion || now >= asked.process->questions[index].reading;
}

void SocketAsker::forget(WatchedProcess& watched, std::uint32_t slot) {
    const std::uint32_t index = std::exchange(watched.known[slot].question, KnownFd::kNoQuestion);
    if (index == KnownFd::kNoQuestion) return;
    watched.questions[index] = watched.questions.back();
    watched.questions.pop_back();
    if (index < watched.questions.size())
        watched.known[watched.questions[index].slot].question = index;
}

void SocketAsker::keep_asking(const Asked& asked, Pause pause, SteadyTime now) {
    WatchedProcess& watched = *asked.process;
    std::uint32_t& index = watched.known[asked.slot].question;
    if (index == KnownFd::kNoQuestion) {
        index = static_cast<std::uint32_t>(watched.questions.size());
        watched.questions.emplace_back().slot = asked.slot;
    }
    SocketQuestion& question = watched.questions[index];
    question.turn = turn_;
    question.cpu = asked.unanswered || asked.owes_reading ? std::nullopt : asked.cpu;
    question.asked = now;
    if (asked.by_table) pause_readings(question, pause, now);
    if (asked.owes_reading)
        watched.late_question = std::min(watched.late_question, question.reading);
    if (question.cpu != watched.asked_cpu) watched.asked_cpu.reset();
    watched.next_question = std::min(watched.next_question, due(question, false, true));
}

/// A row costs about 1.3 µs, and a table of TCP 1 ms before the first one: with the longest pauses
/// about a hundredth of a CPU, and yet a connection of a second is seen.
void SocketAsker::pause_readings(SocketQuestion& question, Pause pause, SteadyTime now) const {
    const auto rows = static_cast<Duration::rep>(rows_last_read_);
    const auto first = std::max<Duration>(
        {options_.interval, kFirstPauseOfReadings, std::chrono::microseconds(20) * rows});
    const Duration longest = std::max(first, longest_pause_of_readings());
    const bool begins = pause == Pause::first || question.pause == Duration::zero();
    question.pause = begins ? first : std::min(question.pause * 2, longest);
    question.reading = common_time(now, question.pause);
}

Duration SocketAsker::longest_pause_of_readings() const {
    const auto rows = static_cast<Duration::rep>(rows_last_read_);
    return std::max<Duration>(kLongestPauseOfReadings, std::chrono::microseconds(100) * rows);
}

}  // namespace logfia
