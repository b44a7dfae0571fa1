#pragma once

#include <logfia/proc/socket_copier.hpp>
#include <logfia/proc/socket_ends.hpp>
#include <logfia/proc/socket_lookup.hpp>
#include <logfia/proc/socket_type_hint.hpp>
#include <logfia/proc/watched_process.hpp>

#include <cstdint>
#include <vector>

namespace logfia {

/// Says what sockets are: all that are new in one look, and again, with growing pauses, those that
/// may still change. Each is asked itself where that is allowed (SocketCopier); else the kernel's
/// tables are read (SocketTables).
class SocketAsker {
  public:
    /// A table skips rows when others close their sockets while it is read, since each piece is
    /// found by counting from its beginning (udp_seq_start(), net/ipv4/udp.c). Who looks again need
    /// not mind.
    enum class Reading : std::uint8_t {
        once,
        until_sure,  ///< what was not found is looked for twice more: for a single look
    };
    enum class Copies : std::uint8_t { allowed, forbidden };
    struct Options {
        Duration interval{};
        Reading reading = Reading::once;
        Copies copies = Copies::allowed;
        TcpDetails tcp = TcpDetails::left_out;  ///< wanted: the totals of TCP connections too
    };
    explicit SocketAsker(Options options) : options_(options) {}

    /// A socket that was opened and is not described yet. The process must be acquired.
    void ask(WatchedProcess& watched, std::uint32_t slot);
    /// Asks again what is due at `now` for this process.
    void ask_again(WatchedProcess& watched, SteadyTime now);
    /// Asks for the totals of its TCP connections: each at most once a second, some with each look,
    /// none when it has not run since.
    void sample(WatchedProcess& watched, SteadyTime now);
    /// The descriptor was closed: its question is dropped.
    static void forget(WatchedProcess& watched, std::uint32_t slot);
    /// What was known when it was closed becomes final where the kernel has told of its end.
    void finish(KnownFd& closed);
    /// To be called before a number of finish().
    void hear_ends() { ends_.hear(); }

    /// What a socket became after its `open`.
    struct Progress {
        WatchedProcess* process;
        std::uint32_t slot;
        EventKind kind;  ///< connect or listen
    };
    /// Answers all that was asked since the last call, and fills in the known descriptors. Each
    /// table that is needed is read once for each network namespace.
    void answer(const ProcRoot& root, SteadyTime now);
    [[nodiscard]] std::vector<Progress>& progress() { return progress_; }
    [[nodiscard]] const SocketTables& tables() const { return tables_; }

  private:
    struct Asked {
        WatchedProcess* process;
        std::uint32_t slot;
        SocketRequest::Question question;
        bool again;
        bool by_table;
        bool answered = false;
        std::optional<Duration> cpu{};  // the process's CPU time before it was asked
        UniqueFd pidfd{};               // when the process holds none
        std::uint64_t network = 0;      // which namespace
        WantedSocket wanted{};          // in the tables
    };
    [[nodiscard]] bool asks_copies(const WatchedProcess& watched) const;
    void push(WatchedProcess& watched, std::uint32_t slot, SocketRequest::Question question,
              bool again);
    void answer_by_copies(const ProcRoot& root, SteadyTime now);
    void request(const Asked& asked, int proc_fd);
    void take_copy(Asked& asked, SocketRequest& request, const ProcRoot& root, SteadyTime now);
    void take_totals(const Asked& asked, const SocketAnswer& answer);
    bool turn_to_tables(Asked& asked);
    void answer_by_tables(const ProcRoot& root, SteadyTime now);
    void answer_network(const ProcRoot& root, std::uint64_t network);
    void read_again(const Process& reader);
    void take_row(Asked& asked, SteadyTime now);
    void go_on(Asked& asked, const SocketInfo* before, SteadyTime now);
    void keep_asking(const Asked& asked, SteadyTime now);

    Options options_;
    SocketCopier copier_;
    SocketEnds ends_;
    SocketTables tables_;
    std::uint64_t rows_last_read_ = 0;
    std::vector<Asked> asked_;
    std::vector<SocketRequest> requests_;
    std::vector<WantedSocket> wanted_;
    std::vector<WantedSocket> missing_;
    std::vector<Progress> progress_;
};

}  // namespace logfia
