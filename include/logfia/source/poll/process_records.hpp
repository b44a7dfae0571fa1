#pragma once

#include <logfia/descriptor/ledger.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/type_set.hpp>
#include <logfia/process/user.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia {

/// Makes Events of what becomes of the watched processes themselves: `start`, `exec` and `exit`.
/// Also decides which programs are excluded (`--not-name`): nothing that a process opens while it
/// runs one of these is told. Does nothing where neither is asked for.
class ProcessRecords {
  public:
    struct Options {
        EventSet told;                       ///< of `start`, `exec` and `exit`
        std::vector<std::string> not_names;  ///< shell patterns
        bool execs_are_heard = false;        ///< the connector tells each exec
    };
    /// `root` and `ledger` must outlive it.
    ProcessRecords(Options options, const ProcRoot& root, Ledger& ledger);

    /// The wait status (waitpid(2)) of the command that we have started, once it is reaped.
    using WaitStatus = std::function<std::optional<int>()>;
    void ask_command(WaitStatus status) { command_status_ = std::move(status); }

    /// To be called in each look at a process, before its table is noted: notes its start and,
    /// where no connector tells it, an exec.
    void look(WatchedProcess& watched);
    /// After the table was noted: tells what a program that is no longer excluded has left open.
    void reveal(WatchedProcess& watched, Now now);
    /// A command of ours has called exec: its start is told with the time of the look before.
    void launched(WatchedProcess& watched, Now at);
    /// The connector has told of an exec.
    void exec(WatchedProcess& watched);
    void end(WatchedProcess& watched);

    [[nodiscard]] bool has_news() const { return !changes_.empty(); }
    /// In the order of records: ends, starts, execs, and the ends of those that have just begun
    /// something.
    void publish(Now now, EventSink& sink);

  private:
    struct Change {
        EventKind kind;
        int rank;
        const WatchedProcess* process;
        std::string exe;  // at that moment
        ProcessChange change{};
        std::optional<Now> at{};  // absent: when it is published
    };
    void begin(WatchedProcess& watched);
    void read_program(WatchedProcess& watched);
    std::string_view read_exe(const WatchedProcess& watched);
    [[nodiscard]] bool has_new_name(WatchedProcess& watched) const;
    void judge(WatchedProcess& watched);
    void note_start(WatchedProcess& watched);
    void note_exec(const WatchedProcess& watched);
    void note(EventKind kind, int rank, const WatchedProcess& watched, ProcessChange change = {});
    [[nodiscard]] ProcessChange end_of(const WatchedProcess& watched) const;

    Options options_;
    const ProcRoot& root_;
    Ledger& ledger_;
    bool tells_;  // a subset of start, exec and exit
    WaitStatus command_status_;
    UserNames users_;
    std::vector<char> link_;  // the executable that was read last
    std::vector<Change> changes_;
};

}  // namespace logfia
