#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/fd_snapshot.hpp>
#include <logfia/source/poll/comparison_turns.hpp>
#include <logfia/source/poll/look.hpp>
#include <logfia/source/poll/table_changes.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <sys/types.h>

#include <cstdint>

namespace logfia {

/// Finds numbers that another file has taken although the text of the link is the same: compares
/// descriptors with what is known of them, some at each look. Descriptors whose links cannot show a
/// change (Describer::may_be_replaced_unseen()) are compared much more often than files, whose
/// names are seldom given to others (as when a log is rotated).
class ReplacementSearch {
  public:
    /// `describer` and `changes` must outlive it; `interval` lies between two looks.
    ReplacementSearch(Describer& describer, TableChanges& changes, Duration interval)
        : describer_(describer), changes_(changes), interval_(interval) {}

    /// `highest`: the PID of the last process there is.
    void begin_look(pid_t highest, SteadyTime now);
    /// After each change of the process's table: lists the descriptors to compare.
    void list(WatchedProcess& watched) const;

    /// True when a process still has comparisons to make since others had their turns before: then
    /// a look is worth its cost even if the process has not run.
    [[nodiscard]] static bool owes_turn(const WatchedProcess& watched);
    /// For a process that is owed a turn. False when it is not its turn in this look either.
    bool claim_turn(const WatchedProcess& watched);

    enum class Found : std::uint8_t {
        nothing,
        replaced,           ///< descriptors were: a close and an open each
        replaced_by_other,  ///< likewise, though the process has not run since the last comparison
    };
    /// Makes as many comparisons as the process may make now; the process must be acquired.
    Found search(WatchedProcess& watched, const Look& look);

  private:
    enum class Kind : std::uint8_t { unclear, file };
    /// Those of one kind.
    struct Comparisons {
        ComparisonTurns turns;
        SteadyTime paid_until{};  ///< the time until then is spent

        void begin_look(int share, int most, pid_t highest, SteadyTime now);
    };
    [[nodiscard]] ComparisonTurns& turns_of(Kind kind) {
        return kind == Kind::unclear ? unclear_.turns : files_.turns;
    }
    static WatchedProcess::Round& round_of(WatchedProcess& watched, Kind kind);
    static bool is_owed(const WatchedProcess& watched, Kind kind);
    static FdEntry* first_after(WatchedProcess& watched, Kind kind, int fd);
    [[nodiscard]] int affordable(int share, int fewest) const;
    int begin_turn(WatchedProcess& watched, Kind kind, SteadyTime now);
    bool compare(WatchedProcess& watched, Kind kind, const Look& look);
    bool is_replaced(WatchedProcess& watched, WatchedProcess::Round& round, FdEntry& entry,
                     const Look& look);

    Describer& describer_;
    TableChanges& changes_;
    Duration interval_;
    Comparisons unclear_;
    Comparisons files_;
};

}  // namespace logfia
