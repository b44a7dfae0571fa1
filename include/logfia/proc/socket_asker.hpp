#pragma once

#include <logfia/proc/socket_lookup.hpp>
#include <logfia/proc/socket_type_hint.hpp>
#include <logfia/proc/watched_process.hpp>

#include <cstdint>
#include <vector>

namespace logfia {

/// Asks the kernel's tables about sockets: once a look for all that are new, and again, with
/// growing pauses, for those that are in no table or have no peer yet.
class SocketAsker {
  public:
    /// A table skips rows when others close their sockets while it is read, since each piece is
    /// found by counting from its beginning (udp_seq_start(), net/ipv4/udp.c). Who looks again need
    /// not mind.
    enum class Reading : std::uint8_t {
        once,
        until_sure,  ///< what was not found is looked for twice more: for a single look
    };
    explicit SocketAsker(Duration interval, Reading reading = Reading::once)
        : interval_(interval), reading_(reading) {}

    /// A socket that was opened and is not described yet. The process must be acquired.
    void ask(WatchedProcess& watched, std::uint32_t slot);
    /// Asks again what is due at `now` for this process.
    void ask_again(WatchedProcess& watched, SteadyTime now);
    /// The descriptor was closed: its question is dropped.
    static void forget(WatchedProcess& watched, std::uint32_t slot);

    /// What a socket became after its `open`.
    struct Progress {
        WatchedProcess* process;
        std::uint32_t slot;
        EventKind kind;  ///< connect or listen
    };
    /// Answers all that was asked since the last call: reads each table that is needed once for
    /// each network namespace, and fills in the known descriptors.
    void answer(const ProcRoot& root, SteadyTime now);
    [[nodiscard]] std::vector<Progress>& progress() { return progress_; }
    [[nodiscard]] const SocketTables& tables() const { return tables_; }

  private:
    struct Asked {
        WatchedProcess* process;
        std::uint32_t slot;
        std::uint64_t network;        // which namespace
        std::optional<Duration> cpu;  // the process's CPU time before the tables are read
        bool again;
        WantedSocket wanted;
    };
    void push(WatchedProcess& watched, std::uint32_t slot, FdType hint, bool again);
    void answer_network(const ProcRoot& root, std::uint64_t network);
    void read_again(const Process& reader);
    void take_answer(Asked& asked, SteadyTime now);
    void keep_asking(const Asked& asked, SteadyTime now);

    Duration interval_;
    Reading reading_;
    SocketTables tables_;
    std::uint64_t rows_last_read_ = 0;
    std::vector<Asked> asked_;
    std::vector<WantedSocket> wanted_;
    std::vector<WantedSocket> missing_;
    std::vector<Progress> progress_;
};

}  // namespace logfia
