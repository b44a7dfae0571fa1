#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/source/seccomp/call.hpp>
#include <logfia/source/seccomp/kernel_view.hpp>
#include <logfia/source/seccomp/number_table.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace logfia {

/// Calls of one process one of which may have executed another program.
struct PendingExec {
    struct Caller {
        pid_t thread;
        Now since;
        int call;  ///< the number of its call
    };
    std::vector<Caller> callers{};        ///< never none
    std::optional<ProgramImage> image{};  ///< before
    SteadyTime next{};                    ///< when to look whether it is over
    Duration pause{};
    int looks = 0;
    bool is_slow = false;  ///< others' records do not wait for it any more
};

/// A process whose calls stop for us.
struct TracedProcess {
    enum class State : std::uint8_t {
        launching,  ///< the command before its first exec: our own code, of which nothing is told
        told,
        ignored,  ///< not to be told: its calls are let go on, and that is all
        ending,   ///< has called exit_group(2): what it still does has no effect
    };
    std::uint64_t number = 0;  ///< our own, never given twice
    pid_t pid = 0;
    pid_t parent = 0;
    State state = State::told;
    std::optional<PendingExec> exec{};  ///< calls one of which may have succeeded
    std::vector<pid_t> exiting{};  ///< threads that have called exit(2), and may still be there
    bool is_foreign = false;       ///< runs a program whose calls are not known
    bool is_unreadable = false;    ///< of what could not be read of it, something was told
};

/// A descriptor table, which several threads and even several processes can have in common.
struct TracedTable {
    /// A close that was let go on while others have the table too: until its caller calls again,
    /// nobody knows whether it has happened yet.
    struct Closing {
        int fd;
        std::uint64_t link;  ///< 0: any, since the file may get another name meanwhile
        pid_t by;
    };
    /// Calls that are over, and of which the numbers were not found.
    struct Owed {
        Now since;
        int numbers;
    };

    std::uint64_t number = 0;
    TracedProcess* process = nullptr;  ///< the one that its records name
    std::unique_ptr<TableView> view;   ///< null: it may not be looked into
    pid_t view_of = 0;
    pid_t own_of = 0;  ///< a thread that has it for itself; 0: the table is the process's
    NumberTable numbers;
    std::vector<pid_t> threads;  ///< the ones that were seen
    std::vector<Closing> closing;
    std::vector<Owed> owed;
    bool complete = false;  ///< at the last call: nothing was open that is not known
    bool renamed = false;   ///< names may have changed since they were last looked at
    int next_name = 0;      ///< the number from which on names are looked at next
    bool unlisted = false;  ///< without a count: something may have come that was not noticed
};

/// Learns what the model finds out. Called in the order of knowledge, which is not quite that of
/// time.
class ModelObserver {
  public:
    virtual ~ModelObserver() = default;

    /// A process is heard of for the first time, whether it is to be told or not.
    virtual void process_seen(const TracedProcess& process) = 0;
    virtual void process_began(const TracedProcess& process, Now at) = 0;
    /// Also for the launched command, whose first one is its beginning.
    virtual void process_executed(const TracedProcess& process, Now at) = 0;
    /// `status` as wait(2) tells it, where it is known.
    virtual void process_ended(const TracedProcess& process, Now at, std::optional<int> status) = 0;
    /// The table's records are to name TracedTable::process from now on.
    virtual void table_named(const TracedTable& table) = 0;
    virtual void table_ended(const TracedTable& table) = 0;

    enum class Origin : std::uint8_t {
        call,       ///< made by `entry`
        found,      ///< came in another way
        initial,    ///< was there when the command began
        inherited,  ///< from the process's parent
    };
    struct Opening {
        int fd;
        std::string_view link;
        Now at;
        Origin origin;
        const CallEntry* entry;  ///< null: none is known, or not whose call it was
        std::uint64_t copy_of;   ///< the id of the descriptor that was duplicated; 0: none
        /// The id of the first one of a pair, for its second one; 0: not known.
        std::uint64_t made_with = 0;
    };
    /// Fills in what the model is to remember.
    virtual void opened(const TracedTable& table, NumberEntry& entry, const Opening& opening) = 0;
    /// A child has this number from its parent, of which nothing is to be told: an id in `entry`
    /// lets its end be told all the same.
    virtual void inherited(const TracedTable& table, int fd, NumberEntry& entry, Now at) = 0;
    /// The descriptor is about to be closed, if its caller lives.
    virtual void closing(const TracedTable& table, int fd, NumberEntry& entry) = 0;
    virtual void closed(const TracedTable& table, int fd, const NumberEntry& entry, Now at,
                        bool at_exit) = 0;
    /// A call that changes a socket is over, or lasts for a while already. False: the socket is
    /// still on its way to a peer.
    virtual bool socket_changed(const TracedTable& table, int fd, NumberEntry& entry, Now at) = 0;
    /// The file has another name now.
    virtual void renamed(const TracedTable& table, int fd, const NumberEntry& entry,
                         std::string_view link, Now at) = 0;
    /// Something may have been missed. Null: of no single process.
    virtual void lost(const TracedProcess* process, Now at, std::string reason) = 0;
};

/// Knows the descriptor tables of a command and its children from their calls: a call says what is
/// about to happen, and the same thread's next call that it has. The number that a call must have
/// got is known beforehand (the lowest that is free, open(2)), so that one readlink(2) proves it.
///
/// Each call is entered twice: enter() while its caller stands still, which only reads; and
/// commit() when it was let go on. A caller that was killed meanwhile is not committed.
class Model {
  public:
    enum class Children : std::uint8_t { ignored, told };
    enum class Inherited : std::uint8_t { untold, told };
    struct Options {
        pid_t command = 0;  ///< has not called exec yet
        Children children = Children::ignored;
        Inherited inherited = Inherited::untold;
    };
    /// `kernel` and `observer` must outlive the model.
    Model(KernelView& kernel, ModelObserver& observer, const Options& options);

    void enter(const CallEntry& entry, pid_t thread, Now at);
    void commit();
    /// Looks after calls that have been going on for a while.
    void look(Now now);
    /// When look() must be called; absent: as soon as there is another call.
    [[nodiscard]] std::optional<SteadyTime> next_look() const;
    /// The process has ended, by a signal unless it has called exit_group(2). `status` as wait(2)
    /// tells it, where it is known.
    void end(pid_t pid, Now at, std::optional<int> status);

    /// Nothing that is still to be found out happened before that.
    [[nodiscard]] std::optional<SteadyTime> settled_until() const;

  private:
    struct Pending {
        CallEntry entry;
        Now since;
        Now looked;        // the call was not over then
        int numbers = 0;   // to be found
        int from = 0;      // the lowest that it may be
        int exactly = -1;  // the only one that it may be
        int socket = -1;   // the one that is changed
        std::uint64_t copy_of = 0;
        std::uint64_t first = 0;  // the id of what was found first
        SteadyTime next{};
        Duration pause{};
        int looks = 0;
        bool raced = false;   // others had the table too: lower numbers may have been taken
        bool watched = true;  // false: no look is worth while any more
        [[nodiscard]] Now known_after() const {
            return looked.steady > since.steady ? looked : since;
        }
    };
    /// The numbers that a thread's last call, a close_range(2), was to close.
    struct ClosedRange {
        int first;
        int last;
        Now since;
    };
    struct Task {
        pid_t id = 0;
        TracedProcess* process = nullptr;
        TracedTable* table = nullptr;  // null: of a process that is not told
        std::optional<Pending> pending{};
        bool may_have_split = false;  // the thread may have a table of its own by now
        bool unsure = false;          // descriptors found while it ran may be somebody else's
        std::optional<ClosedRange> range{};
    };
    /// A socket that was on its way to a peer when its caller went on.
    struct Connecting {
        std::uint64_t table = 0;
        int fd = -1;
        std::uint64_t id = 0;
        Now since;
        SteadyTime next{};
    };
    struct Entered {
        Task* task = nullptr;
        CallEntry entry;
        Now at;
        std::optional<ProgramImage> image{};  // of an exec
        bool is_last = false;                 // an exit of the last thread of its process
        bool is_doubtful = false;  // what the caller's last call has made may be told as another's
    };

    // model_tasks.cpp
    Task* find_task(pid_t thread, Now at);
    std::optional<KernelView::TaskFacts> facts_of(pid_t thread, Now at);
    Task* add_task(pid_t thread, TracedProcess& process, TracedTable* table);
    void join(TracedTable& table, pid_t thread);
    TracedProcess& add_process(pid_t pid, pid_t parent, pid_t thread, Now at);
    [[nodiscard]] TracedTable* table_of_exec(pid_t thread, const TracedProcess& process) const;
    TracedTable* find_table(pid_t thread, const TracedProcess& process, Now at);
    [[nodiscard]] std::optional<pid_t> nearest_of(const TracedTable& table,
                                                  const TracedProcess& process) const;
    /// The descriptors that a table holds at first.
    struct Listing {
        std::unique_ptr<TableView> view{};
        bool is_readable = false;
        std::vector<std::pair<int, std::string>> links{};
    };
    std::unique_ptr<TableView> open_view(pid_t thread);
    Listing list_first(pid_t thread, ModelObserver::Origin origin);
    [[nodiscard]] Listing list_first(std::unique_ptr<TableView> view,
                                     ModelObserver::Origin origin) const;
    TracedTable& add_table(Task& task, Listing listing, Now at, ModelObserver::Origin origin);
    void tell_first(TracedTable& table, const Listing& listing, Now at,
                    ModelObserver::Origin origin);
    void adopt_silent_threads(Task& task);
    void split(Task& task, Now at);
    void split_from(TracedTable& shared, Task& task, Now at);
    enum class Leaving : std::uint8_t { thread, process };
    void split_suspects(const TracedProcess& process, Now at);
    void look_through(TracedTable& table, pid_t thread, Now at);
    void look_past(const Task& task, Leaving leaving, Now at);
    void leave_table(Task& task, Now at);
    void end_table(TracedTable& table, Now at);
    void forget(pid_t thread, Now at);
    void forget_all(TracedProcess& process, Now at);
    void forget_others(TracedProcess& process, pid_t but, Now at);
    std::vector<pid_t> tasks_of(const TracedProcess& process) const;
    // model_settle.cpp
    void settle(Task& task, Now at);
    void settle_pending(Task& task);
    bool ask_socket(TracedTable& table, const Pending& pending);
    // model_find.cpp
    void find_numbers(Task& task, Pending& pending, std::size_t reserved);
    static bool is_open_unread(const TracedTable& table, int fd);
    void check_count(TracedTable& table, Now at);
    static void forget_past_closes(TracedTable& table);
    void list_again(TracedTable& table, Now opened_at, Now closed_at);
    void check_range(TracedTable& table, const ClosedRange& range, Now at);
    [[nodiscard]] bool was_true(const TracedProcess& process);
    [[nodiscard]] bool was_true(const TracedTable& table);
    [[nodiscard]] Now last_look(const TracedTable& table, Now since) const;
    [[nodiscard]] bool is_being_made(const TracedTable& table) const;
    [[nodiscard]] std::size_t in_flight(const TracedTable& table) const;
    [[nodiscard]] const Pending* target_of(const TracedTable& table, int fd) const;
    [[nodiscard]] bool names_may_change() const;
    static bool is_closing(const TracedTable& table, int fd, std::uint64_t link);
    NumberEntry* know(TracedTable& table, int fd, Now at);
    void open(TracedTable& table, const ModelObserver::Opening& opening);
    void close(TracedTable& table, int fd, Now at, bool at_exit);
    // model_look.cpp
    void look_at(Task& task, Now now);
    void look_at_connecting(Now now);
    bool is_still_connecting(const Connecting& one, Now now);
    void look_before_making(const Task& task);
    void look_at_all(Now now);
    void know_all(const Task& task, Now at);
    void look_at_others(const TracedProcess& process, const TracedTable& table, Now now);
    void drop_pending(Task& task);
    // model_exec.cpp
    [[nodiscard]] std::optional<ProgramImage> image_of(pid_t process);
    bool settle_exec(Task& task);
    void finish_exec(Task& task);
    void begin_command(Task& task, Now at);
    void take_over(Task& task, pid_t from, Now at);
    void expect_exec(const Entered& entered);
    void forget_exec(TracedProcess& process);
    void look_at_exec(TracedProcess& process, Now now);
    static Duration pause_before_look(Duration lasted);
    // model_names.cpp
    void suspect_names();
    void look_at_names(Now now);
    void look_at_name(TracedTable& table, int fd, NumberEntry& entry, Now at);
    // model.cpp
    void prepare(Task& task, const CallEntry& entry, Now at);
    void prepare_close(TracedTable& table, int fd, Now at);
    void prepare_dup(TracedTable& table, int target, Now at);
    void prepare_closes(TracedTable& table, int first, int last);
    void act(Task& task, const CallEntry& entry, Now at);
    void act_on_close(Task& task, int fd, Now at);
    void act_on_range(Task& task, const CallEntry& entry, Now at);
    void act_on_dup(Task& task, const CallEntry& entry, Now at);
    void exit_process(TracedProcess& process, Now at, int status);
    [[nodiscard]] bool is_last_thread(const Task& task);
    void expect(Task& task, Pending pending, Now at);
    void note_foreign(pid_t thread, Now at);

    KernelView& kernel_;
    ModelObserver& observer_;
    Options options_;
    std::unordered_map<pid_t, Task> tasks_;
    std::unordered_map<pid_t, std::unique_ptr<TracedProcess>> processes_;
    std::unordered_map<std::uint64_t, std::unique_ptr<TracedTable>> tables_;
    std::vector<pid_t> pending_;  // threads with a pending call
    std::vector<pid_t> execs_;    // processes
    std::vector<Connecting> connecting_;
    Entered entered_;
    std::unique_ptr<TableView> launch_view_;  // of the command before its first exec
    bool names_suspect_ = false;              // of some tables
    SteadyTime next_names_{};                 // when some are looked at
    SteadyTime next_all_names_{};  // when all of them become suspect: others rename files too
    bool strangers_told_ = false;  // threads of which nothing can be found out
    bool standing_ = false;        // the caller that is read of stands still
    const TracedProcess* caller_ = nullptr;  // the process of that one; null: not known yet
    std::uint64_t processes_seen_ = 0;
    std::uint64_t tables_seen_ = 0;
};

/// A digest of a link's text; never 0.
std::uint64_t digest_of_link(std::string_view text);

}  // namespace logfia
