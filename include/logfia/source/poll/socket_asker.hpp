#pragma once

#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/link_zones.hpp>
#include <logfia/socket/socket_ends.hpp>
#include <logfia/socket/socket_lookup.hpp>
#include <logfia/socket/socket_type_hint.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace logfia {

/// Says what sockets are: all that are new in one look, and those that may still change again in
/// each look that their process has run in, or seldom, since somebody else may share them. Each is
/// asked itself where that is allowed, in turn where there are many; else the kernel's tables are
/// read (SocketTables), with pauses that follow from what that costs. What epolls watch is asked
/// here too, by the same BlockingAsker.
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
    void ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// Asks again what is due at `now` for this process.
    void ask_again(WatchedProcess& watched, SteadyTime now);
    /// Asks for the totals of its TCP connections: each at most once a second, some with each look,
    /// none when it has not run since.
    void sample(WatchedProcess& watched, SteadyTime now);
    /// An epoll whose targets are wanted.
    void ask_targets(WatchedProcess& watched, std::uint32_t slot, SteadyTime now);
    /// The descriptor was closed: its question is dropped.
    static void forget(WatchedProcess& watched, std::uint32_t slot);
    /// What was known when it was closed becomes final where the kernel has told of its end.
    void finish(KnownFd& closed);
    /// Takes what the kernel has told of sockets that ended. To be called with each look, since
    /// there is only so much room for what others end, and before a number of finish().
    void hear_ends() { ends_.hear(); }
    /// Says, once each time, that nobody could be asked, since the kernel keeps too many of our
    /// threads waiting; null when there is nothing to say.
    const char* take_notice();

    /// What a socket became after its `open`.
    struct Progress {
        WatchedProcess* process;
        std::uint32_t slot;
        EventKind kind;  ///< connect or listen
    };
    /// Watched processes by PID, with those that have ended.
    using Processes = std::span<const std::unique_ptr<WatchedProcess>>;
    /// Answers all that was asked since the last call, and fills in the known descriptors. What
    /// could not be asked itself is described as another of `processes` knows it that has the same
    /// socket; each table that is needed then is read once for each network namespace.
    void answer(const ProcRoot& root, SteadyTime now, Processes processes);
    [[nodiscard]] std::vector<Progress>& progress() { return progress_; }
    [[nodiscard]] const SocketTables& tables() const { return tables_; }
    /// Questions that were put to the kernel up to now; readings of tables do not count.
    [[nodiscard]] std::uint64_t questions_put() const { return questions_put_; }

  private:
    struct Asked {
        WatchedProcess* process;
        std::uint32_t slot;
        BlockingRequest::Question question;
        bool again;
        bool by_table = false;          // waits for a reading
        bool done = false;              // nothing more is to be asked
        bool answered = false;          // by itself
        bool unanswered = false;        // by itself, though that is allowed: the next look may
        bool stalled = false;           // the socket is not asked itself for a while
        std::optional<Duration> cpu{};  // the process's CPU time before it was asked
        std::uint64_t network = 0;      // which namespace; 0: not asked for yet
        WantedSocket wanted{};          // in the tables
        bool hidden_peer = false;       // has answered, and a table may know its peer
        bool owes_reading = false;      // the reading for a hidden peer comes later
        std::shared_ptr<const SocketInfo> before{};  // with a hidden peer: what was known before
        std::string zone{};                          // of a hidden peer
    };
    [[nodiscard]] bool is_stalled(const WatchedProcess& watched, const Stall& stall,
                                  SteadyTime now) const;
    [[nodiscard]] bool asks_copies(const WatchedProcess& watched, SteadyTime now) const;
    [[nodiscard]] BlockingRequest::Question whole_question() const;
    /// False when nobody can answer it.
    bool push(WatchedProcess& watched, std::uint32_t slot, BlockingRequest::Question question,
              bool again, SteadyTime now);
    void answer_all(const ProcRoot& root, SteadyTime now, Processes processes);
    void ask_round(const ProcRoot& root, SteadyTime now);
    void request(const Asked& asked, int proc_fd);
    int pidfd_of(const WatchedProcess& watched);
    void take(Asked& asked, BlockingRequest& request, SteadyTime now);
    void take_socket(Asked& asked, SocketAnswer& answer, SteadyTime now);
    bool is_in_our_network(Asked& asked);
    static std::uint64_t network_of(Asked& asked);
    void take_totals(Asked& asked, const SocketAnswer& answer, SteadyTime now);
    void take_hint(Asked& asked, const BlockingRequest& request, SteadyTime now);
    static void take_targets(const Asked& asked, BlockingRequest& request, SteadyTime now);
    static void turn_to_tables(Asked& asked);
    /// Another descriptor of a socket, and the process that has it.
    struct Holder {
        std::uint64_t inode = 0;
        WatchedProcess* process = nullptr;
        std::uint32_t slot = 0;
    };
    /// True of a new socket that has not answered itself.
    static bool lacks_answer(const Asked& asked);
    void take_shared(Processes processes, SteadyTime now);
    static std::optional<Holder> parent_of(const Asked& asked, Processes processes);
    void note_who_awaits_a_row();
    void index_holders(Processes processes);
    [[nodiscard]] std::optional<Holder> holder_of(const Asked& asked) const;
    [[nodiscard]] bool is_up_to_date(const Holder& holder) const;
    void describe_as(Asked& asked, const Holder& holder, SteadyTime now);
    void answer_by_tables(const ProcRoot& root, SteadyTime now);
    void answer_network(const ProcRoot& root, std::uint64_t network);
    void read_again(const Process& reader);
    void add_zones(int proc_dir_fd);
    void take_row(Asked& asked, SteadyTime now);
    void take_hidden_peer(Asked& asked, SteadyTime now);
    void go_on(Asked& asked, const SocketInfo* before, SteadyTime now);
    /// Whether a process has run since it was at this CPU time; what has no clock may have.
    struct Clock {
        std::optional<Duration> cpu;
        bool shared = false;  ///< others do, in its place
        [[nodiscard]] bool has_run_since(std::optional<Duration> then) const {
            return shared || !cpu || cpu != then;
        }
    };
    [[nodiscard]] Clock clock_of(const WatchedProcess& watched) const;
    /// The time from which on a question may be asked.
    [[nodiscard]] SteadyTime due(const SocketQuestion& question, bool has_run, bool by_copy) const;
    void begin_next_turn();
    /// False when it is too soon to read a table again for it.
    static bool may_read_for(const Asked& asked, SteadyTime now);
    enum class Pause : std::uint8_t { first, longer };
    void keep_asking(const Asked& asked, Pause pause, SteadyTime now);
    void pause_readings(SocketQuestion& question, Pause pause, SteadyTime now) const;
    [[nodiscard]] Duration longest_pause_of_readings() const;

    Options options_;
    BlockingAsker asker_;
    SocketEnds ends_;
    SocketTables tables_;
    LinkZones zones_;
    std::uint64_t rows_last_read_ = 0;
    std::uint64_t questions_put_ = 0;
    bool exhaustion_told_ = false;
    std::optional<std::uint64_t> own_network_;  // our network namespace; 0: not known
    std::uint32_t turn_ = 1;                    // counts the looks in which something was asked
    std::size_t left_ = 0;     // questions that may still be asked again in this look
    std::size_t waiting_ = 0;  // questions that this look could ask without the limit
    std::uint32_t turns_ = 1;  // looks that it takes to ask all of them
    std::vector<Asked> asked_;
    std::vector<BlockingRequest> requests_;
    const WatchedProcess* pidfd_owner_ = nullptr;  // of the last pidfd that was opened for a turn
    std::vector<UniqueFd> pidfds_;
    std::vector<WantedSocket> wanted_;
    std::vector<WantedSocket> missing_;
    std::vector<Holder> holders_;  // by inode, while they are needed
    std::vector<std::pair<std::uint64_t, std::uint32_t>> awaiting_rows_;  // process, slot
    std::vector<Progress> progress_;
};

}  // namespace logfia
