#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/process/run_clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace logfia {

/// Shares out the questions that one look may repeat, among the sockets of all processes: sockets
/// that were asked lately let the others go first.
class QuestionTurns {
  public:
    /// A question costs about 1.2 µs, so that this many cost less than listing as many descriptors.
    static constexpr std::size_t kMost = 512;

    /// Counts the looks in which something was asked.
    [[nodiscard]] std::uint32_t turn() const { return turn_; }
    /// Whether a socket that is due, and was asked last in turn `last`, may be asked now.
    bool admit(std::uint32_t last) {
        ++waiting_;
        const bool admitted = turn_ - last >= turns_ && left_ > 0;
        if (admitted) --left_;
        return admitted;
    }
    void begin_next() {
        turns_ = static_cast<std::uint32_t>(waiting_ / kMost) + 1;
        waiting_ = 0;
        left_ = kMost;
        ++turn_;
    }

  private:
    std::uint32_t turn_ = 1;
    std::uint32_t turns_ = 1;  // needed to ask all
    std::size_t left_ = 0;     // questions that may still be asked in this look
    std::size_t waiting_ = 0;  // questions that this look could ask without the limit
};

/// How long to pause between two readings of a table for the same socket.
class ReadingPauses {
  public:
    explicit ReadingPauses(Duration interval) : interval_(interval) {}

    /// The cost of the last reading.
    void note_rows(std::uint64_t rows) { rows_ = rows; }
    [[nodiscard]] Duration first() const;
    /// The longest pause. A row costs about 1.3 µs, and a TCP table 1 ms before the first row: with
    /// this pause, reading takes about a hundredth of a CPU, and a connection that lasts a second
    /// is still seen.
    [[nodiscard]] Duration longest() const;

  private:
    Duration interval_;  // between two looks
    std::uint64_t rows_ = 0;
};

/// Says when the sockets of one process are asked again. A socket that may still change, because it
/// is in no table or has no peer yet, is asked whenever the process has run, and otherwise seldom,
/// since another process may share the socket. Sockets are known by their slots in KnownFds.
class SocketTimetable {
  public:
    /// The least time between two questions to a socket: looks that come back to back need not ask
    /// each time.
    static constexpr Duration kLeastPause = std::chrono::microseconds(500);
    /// Between two questions about a process that has not run.
    static constexpr Duration kSeldom = std::chrono::seconds(5);

    struct Question {
        std::uint32_t slot = 0;
        std::uint32_t turn = 0;       ///< of QuestionTurns, when it was asked last
        std::optional<Duration> cpu;  ///< the process's CPU time then; absent: it had no clock, or
                                      ///< the answer was none, or half a one
        SteadyTime asked{};
        Duration pause{};      ///< between two readings of a table for it
        SteadyTime reading{};  ///< no table is read for it before
    };
    enum class Pause : std::uint8_t { first, longer };
    enum class By : std::uint8_t { copies, tables };

    /// When to put questions that should have been asked after the process ran but were not: then a
    /// look is worth its cost even if the process has not run any more.
    [[nodiscard]] SteadyTime late() const { return late_; }

    /// To be called with each look, before any question. False when there are no questions.
    bool begin_look() {
        late_ = SteadyTime::max();
        return !questions_.empty();
    }
    /// Calls `ask(slot)` for each socket that is due at `now`, and counts it as asked.
    template <class Ask>
    void ask_due(const RunClock& clock, By by, QuestionTurns& turns, const ReadingPauses& pauses,
                 SteadyTime now, Ask ask);

    /// Null: nothing is to be asked about it.
    [[nodiscard]] const Question* find(std::uint32_t slot) const {
        const std::uint32_t index = slot < by_slot_.size() ? by_slot_[slot] : kNone;
        return index == kNone ? nullptr : &questions_[index];
    }
    /// False when it is too soon to read a table again for the socket.
    [[nodiscard]] bool may_read_for(std::uint32_t slot, SteadyTime now) const {
        const Question* question = find(slot);
        return question == nullptr || now >= question->reading;
    }

    /// Schedules another question about the socket, which was asked just now. `cpu`: the process's
    /// CPU time at the question; absent: ask at the next look, whether the process has run or not.
    void keep(std::uint32_t slot, std::uint32_t turn, std::optional<Duration> cpu, SteadyTime now);
    /// A table was read just now for a socket that was kept. Pause::first: with a change.
    void pause_readings(std::uint32_t slot, Pause pause, const ReadingPauses& pauses,
                        SteadyTime now);
    /// A reading is owed to a socket that was kept, as soon as its pause is over.
    void owe_reading(std::uint32_t slot);
    /// Asks nothing more about the socket: it was closed, or cannot change any more.
    void forget(std::uint32_t slot);

  private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    Question& question_of(std::uint32_t slot);
    [[nodiscard]] static SteadyTime due(const Question& question, bool has_run, By by,
                                        const ReadingPauses& pauses);

    std::vector<Question> questions_;
    std::vector<std::uint32_t> by_slot_;  // the index of the question, or kNone
    std::optional<Duration> asked_cpu_;   // the CPU time when all questions were asked
    SteadyTime next_{};                   // before that none, unless it ran since asked_cpu_
    SteadyTime late_ = SteadyTime::max();
};

template <class Ask>
void SocketTimetable::ask_due(const RunClock& clock, By by, QuestionTurns& turns,
                              const ReadingPauses& pauses, SteadyTime now, Ask ask) {
    if (!clock.may_have_run_since(asked_cpu_) && now < next_) return;
    bool all_asked = true;
    next_ = SteadyTime::max();
    for (Question& question : questions_) {
        const bool has_run = clock.may_have_run_since(question.cpu);
        const SteadyTime time = due(question, has_run, by, pauses);
        if (now >= time && turns.admit(question.turn)) {
            question.turn = turns.turn();
            question.cpu = clock.cpu;
            question.asked = now;
            next_ = std::min(next_, now + kSeldom);
            ask(question.slot);
        } else if (has_run) {
            all_asked = false;
            late_ = std::min(late_, time);
        } else {
            next_ = std::min(next_, time);
        }
    }
    asked_cpu_ = all_asked ? clock.cpu : std::nullopt;
}

}  // namespace logfia
