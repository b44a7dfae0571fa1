#pragma once

#include <logfia/socket/socket_probe.hpp>
#include <logfia/source/poll/socket_holders.hpp>
#include <logfia/source/poll/socket_timetable.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace logfia {

/// Puts questions about sockets to the SocketProbe, and fills in the known descriptors with the
/// answers. New sockets are asked at once; SocketTimetable says when those that may still change
/// are asked again; SocketHolders finds another descriptor of a socket that cannot be asked itself.
class SocketSchedule {
  public:
    /// `interval`: between two looks.
    SocketSchedule(BlockingAsker& asker, Duration interval, SocketProbe::Options options);

    /// A socket that was opened and is not described yet. The process must be acquired.
    void ask_new(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Asks again what is due at `now` for this process.
    void ask_due(WatchedProcess& watched, SteadyTime now);
    /// Asks for the totals of its TCP connections: each at most once a second, some with each look,
    /// none when it has not run since.
    void ask_totals(WatchedProcess& watched, SteadyTime now);

    /// Answers all that was asked since the last call. What could not be asked itself is described
    /// as another of `processes` knows it that has the same socket; each table that is needed then
    /// is read once for each network namespace.
    void answer(const ProcRoot& root, SteadyTime now, WatchedProcesses processes);

    /// A change of a socket after its `open`.
    struct Progress {
        WatchedProcess* process;
        std::uint32_t slot;
        EventKind kind;  ///< connect or listen
    };
    /// Of the last answer().
    [[nodiscard]] std::vector<Progress>& progress() { return progress_; }

    /// See SocketProbe.
    void hear_ends() { probe_.hear_ends(); }
    /// The totals of a closed descriptor become final where the kernel has told of its end.
    void finish(KnownFd& closed);
    /// Says, once each time, that nobody could be asked, since the kernel keeps too many of our
    /// threads waiting; null when there is nothing to say.
    const char* new_notice();

    [[nodiscard]] const SocketTables& tables() const { return probe_.tables(); }
    /// See SocketProbe.
    [[nodiscard]] std::uint64_t questions_put() const { return probe_.questions_put(); }

  private:
    /// Whether the descriptor was described before.
    enum class Which : std::uint8_t { fresh, again };
    /// A descriptor whose question is under way; its place is the query's ticket.
    struct Pending {
        WatchedProcess* process = nullptr;
        std::uint32_t slot = 0;
        Which which = Which::fresh;
        std::optional<Duration> cpu{};               // the process's CPU time before it was asked
        std::shared_ptr<const SocketInfo> before{};  // known before the question
    };

    void add(WatchedProcess& watched, std::uint32_t slot, SocketQuery::About about, Which which,
             SteadyTime now);
    void use(const SocketQuery& query, SteadyTime now);
    void use_totals(const SocketQuery& query, SteadyTime now);
    void use_shared(std::span<SocketQuery> queries, WatchedProcesses processes, SteadyTime now);
    void conclude(const SocketQuery& query, const SocketInfo* before, SteadyTime now);
    void keep(const SocketQuery& query, SocketTimetable::Pause pause, SteadyTime now);

    BlockingAsker& asker_;
    SocketProbe probe_;
    SocketHolders holders_;
    QuestionTurns turns_;
    ReadingPauses pauses_;
    bool exhaustion_told_ = false;
    std::vector<Pending> pending_;
    std::vector<Progress> progress_;
};

}  // namespace logfia
