#pragma once

#include <logfia/socket/socket_probe.hpp>
#include <logfia/source/poll/socket_holders.hpp>
#include <logfia/source/poll/socket_timetable.hpp>
#include <logfia/source/poll/unix_peers.hpp>
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

    /// Whether progress() has a `hangup` for each TCP socket that is found in CLOSE_WAIT.
    enum class Hangups : std::uint8_t { left_out, wanted };
    void note_hangups(Hangups hangups) { hangups_ = hangups; }

    /// A socket that was opened and is not described yet. The process must be acquired.
    void ask_new(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Asks again what is due at `now` for this process.
    void ask_due(WatchedProcess& watched, SteadyTime now);
    /// Asks for the totals of the process's TCP connections: for each at most once a second, for
    /// some at each look, and for none when the process has not run since.
    void ask_totals(WatchedProcess& watched, SteadyTime now);
    /// Asks for the state of a TCP connection, and for nothing else where a duplicate tells it. The
    /// process must be acquired.
    void ask_state(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// False: only a table tells the states of the process's connections.
    [[nodiscard]] bool may_copy(const WatchedProcess& watched, SteadyTime now) const {
        return probe_.may_copy(watched.process, watched.socket_access, now);
    }
    [[nodiscard]] const ReadingPauses& pauses() const { return pauses_; }

    /// Answers everything that was asked since the last call. A socket that could not be asked
    /// itself is described from another descriptor of it in `processes`; each table that is needed
    /// after that is read once per network namespace.
    void answer(const ProcRoot& root, SteadyTime now, WatchedProcesses processes);

    /// A change of a socket after its `open`.
    struct Progress {
        WatchedProcess* process;
        std::uint32_t slot;
        EventKind kind;  ///< connect, listen or hangup
    };
    /// The changes found by the last answer().
    [[nodiscard]] std::vector<Progress>& progress() { return progress_; }
    /// Unix sockets with a peer that the last answer() has described anew (UnixPeers).
    [[nodiscard]] std::vector<UnixPeers::End>& connected() { return connected_; }

    /// See SocketProbe.
    void hear_ends() { probe_.hear_ends(); }
    /// Makes the totals of a closed descriptor final if the kernel has reported the end of the
    /// socket.
    void finish(KnownFd& closed);
    /// A line for the user, returned once whenever it begins that no question can be asked, since
    /// the kernel blocks too many of our threads; null when there is nothing to say.
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
    void note_hangup(const Pending& pending);
    void conclude(const SocketQuery& query, const SocketInfo* before, SteadyTime now);
    void keep(const SocketQuery& query, SocketTimetable::Pause pause, SteadyTime now);

    BlockingAsker& asker_;
    SocketProbe probe_;
    SocketHolders holders_;
    QuestionTurns turns_;
    ReadingPauses pauses_;
    Hangups hangups_ = Hangups::left_out;
    bool exhaustion_told_ = false;
    std::vector<Pending> pending_;
    std::vector<Progress> progress_;
    std::vector<UnixPeers::End> connected_;
};

}  // namespace logfia
