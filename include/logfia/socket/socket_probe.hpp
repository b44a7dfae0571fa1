#pragma once

#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/link_zones.hpp>
#include <logfia/socket/socket_end_notices.hpp>
#include <logfia/socket/socket_query.hpp>
#include <logfia/socket/socket_tables.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace logfia {

/// Says what sockets of other processes are, the cheapest way first: from a duplicate of the
/// socket, where that is allowed; otherwise from the attribute `system.sockprotoname` and then from
/// the tables of the socket's network namespace. A batch has three steps: add() and ask();
/// describe_as() for sockets that are already known from other descriptors; look_up(), which reads
/// each table that is still needed once per namespace.
class SocketProbe {
  public:
    enum class Copies : std::uint8_t { allowed, forbidden };
    /// A reading of a table skips rows when other sockets are closed meanwhile, since each piece is
    /// found by counting from the beginning (udp_seq_start(), net/ipv4/udp.c). A caller that will
    /// ask again need not mind.
    enum class Reading : std::uint8_t {
        once,
        until_sure,  ///< sockets that were not found are looked for twice more
    };
    struct Options {
        Reading reading = Reading::once;
        Copies copies = Copies::allowed;
        TcpDetails tcp = TcpDetails::left_out;  ///< wanted: the totals of TCP connections too
    };
    SocketProbe(BlockingAsker& asker, Options options) : asker_(asker), options_(options) {}

    /// True when sockets of the process may be duplicated and asked themselves.
    [[nodiscard]] bool may_copy(const Process& process, const SocketAccess& access,
                                SteadyTime now) const;
    [[nodiscard]] TcpDetails tcp() const { return options_.tcp; }

    /// Adds a question to the batch. False, without adding it, when it cannot be answered.
    bool add(SocketQuery query, SteadyTime now);
    /// Asks copies and attributes, and returns the batch: those in the stage `table` want
    /// look_up().
    std::span<SocketQuery> ask(const ProcRoot& root, SteadyTime now);
    /// Looks up those that want it, and returns them, all `done`. The others leave the batch.
    std::span<const SocketQuery> look_up(const ProcRoot& root);
    /// Ends the batch.
    void clear();

    /// Reads the kernel's notices of TCP sockets that ended. To be called often, since the buffer
    /// also fills up with other processes' sockets, and before final_totals().
    void hear_ends() { ends_.hear(); }
    /// The totals of a TCP connection that was closed: the final ones if the kernel has reported
    /// the end of the socket, else the `known` ones, unless they are empty. Stops following
    /// `cookie` (0: none). `socket` may be null.
    std::optional<TcpTotals> final_totals(std::uint64_t cookie, const SocketInfo* socket,
                                          std::optional<TcpTotals> known);

    [[nodiscard]] const SocketTables& tables() const { return tables_; }
    /// Rows of the last network namespace whose tables were read.
    [[nodiscard]] std::uint64_t rows_last_read() const { return rows_last_read_; }
    /// Questions that were put to the kernel up to now; readings of tables do not count.
    [[nodiscard]] std::uint64_t questions_put() const { return questions_put_; }

  private:
    [[nodiscard]] bool is_stalled(const SocketAccess& access, SteadyTime now) const;
    void ask_round(const ProcRoot& root, SteadyTime now);
    void request(const SocketQuery& query, int proc_fd);
    int pidfd_of(const Process& process);
    void use_copy(SocketQuery& query, BlockingRequest& request, SteadyTime now);
    void describe(SocketQuery& query, SocketAnswer& answer);
    bool is_in_our_network(SocketQuery& query);
    void look_up_network(const ProcRoot& root, std::span<SocketQuery> queries);
    void read_again(const Process& reader);
    void add_zones(int proc_dir_fd);

    BlockingAsker& asker_;
    Options options_;
    SocketEndNotices ends_;
    SocketTables tables_;
    LinkZones zones_;
    std::uint64_t rows_last_read_ = 0;
    std::uint64_t questions_put_ = 0;
    std::optional<std::uint64_t> own_network_;  // our network namespace; 0: not known
    std::vector<SocketQuery> queries_;
    std::vector<BlockingRequest> requests_;
    const Process* pidfd_owner_ = nullptr;  // of the last pidfd that was opened for a round
    std::vector<UniqueFd> pidfds_;
    std::vector<WantedSocket> wanted_;
    std::vector<WantedSocket> missing_;
};

}  // namespace logfia
