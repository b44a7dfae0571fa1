#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/process/run_clock.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/proc_stat.hpp>

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace logfia {

/// Advice for a user who may not look into a process, as the end of a sentence.
const char* advice_to_be_root();

/// How a process is kept identified between looks.
enum class Holding : std::uint8_t {
    /// The pidfd, `/proc/N`, `/proc/N/fd` and `/proc/N/stat` stay open: four descriptors.
    descriptors,
    nothing,  ///< reopened at each look; its start time reveals a recycled PID
};

/// A watched process, held so that a recycled PID is never mistaken for it: by descriptors of
/// `/proc/N`, which never come to show another process, or else by its start time.
class Process {
  public:
    /// Error, with advice, when there is no such process, when `pid` is the number of a thread, or
    /// when this user may not look into the process. `root`'s descriptor must outlive it.
    static Result<Process> open(const ProcRoot& root, pid_t pid, Holding holding);

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The command name, any bytes (proc_pid_comm(5)), as it was read last.
    [[nodiscard]] const std::string& comm() const { return comm_; }
    /// Reads the name again, of this process alone: the old name stays when the process is gone.
    void refresh_comm(const ProcRoot& root);
    /// Takes a new name that the kernel has reported for this PID. If the PID may have been
    /// recycled, the name could be another process's: then only refresh_comm() is trusted.
    void set_comm(const ProcRoot& root, std::string_view comm);

    /// In clock ticks since boot.
    [[nodiscard]] std::uint64_t start_time() const { return start_time_; }
    [[nodiscard]] bool is_kernel_thread() const { return kernel_thread_; }
    /// Readable once the process has ended (pidfd_open(2)); -1 when there is none.
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }
    /// As far as the pidfd tells.
    [[nodiscard]] bool has_ended() const;

    /// The outcome of acquire().
    struct Acquired {
        enum class State : std::uint8_t {
            ready,   ///< dir() and fd_dir() can be used
            gone,    ///< the process has ended
            failed,  ///< the directories cannot be opened just now: `error` says why
        };
        State state = State::ready;
        int error = 0;  ///< errno, unless it is `ready`
    };
    /// Opens dir() and fd_dir(), unless they are open.
    Acquired acquire(const ProcRoot& root);
    /// Lets go of what acquire() opened.
    void release();
    /// `/proc/N`, or `/proc/N/task/T` of a living thread once the first one has exited.
    [[nodiscard]] int dir() const { return dir_.get(); }
    [[nodiscard]] int fd_dir() const { return fd_dir_.get(); }

    /// True where a pidfd can be opened and refers to the table that is read: in our own PID
    /// namespace, and as long as the first thread lives.
    [[nodiscard]] bool may_be_copied_from() const { return native_ && thread_ == 0; }

    /// True as long as the first thread is the one whose table is read.
    [[nodiscard]] bool reads_first_thread() const { return thread_ == 0; }

    /// The path of dir() below the procfs.
    [[nodiscard]] ProcPath path() const;

    /// Reopens fd_dir(): after somebody else has looked at a process that may not be read, the
    /// kernel gives the open directory its right owner only when it is looked up again
    /// (pid_revalidate()).
    void renew_fd_dir();
    /// True when the thread whose table is read is ending, so that a number missing from the table
    /// need not have been closed.
    [[nodiscard]] bool table_is_let_go() const;

    enum class Life : std::uint8_t {
        alive,
        moved,  ///< alive, and dir() and fd_dir() are now those of another thread: look again
        ended,
    };
    /// For a listing that was empty or whose table is gone: has the process ended, or only the
    /// thread whose table was read? In the latter case a living thread is found (proc_pid_task(5)).
    Life probe(const ProcRoot& root);

    /// CPU time that all threads have used. Absent when the process has no such clock, as in
    /// another PID namespace. See RunClock for what the clock says.
    [[nodiscard]] std::optional<Duration> cpu_time() const;

    /// The answer to whether the process has run since its clock showed `then`. Threads are asked
    /// whether they sleep only if the clock has not advanced, and if there are at most
    /// `most_threads` of them: each further one costs 4 µs, the first one 2 µs.
    [[nodiscard]] RunClock run_clock(std::optional<Duration> then, int most_threads) const;

    /// True when a thread has a descriptor table of its own, as far as kcmp(2) tells. Such a table
    /// is not mistaken for the process's when the first thread ends.
    [[nodiscard]] bool find_thread_with_own_table();

  private:
    Process() = default;
    Result<bool> attach(const ProcRoot& root, Holding holding);
    void open_pidfd();
    Acquired open_dirs(const ProcRoot& root);
    static Acquired refused(int error);
    /// True when no process has the number any more, found out without opening anything.
    [[nodiscard]] bool is_reaped(const ProcRoot& root) const;
    bool move_to_living_thread(int process_dir);
    bool move_to(int tasks, pid_t thread);
    bool move_to_first_thread(UniqueFd process_dir);
    void open_stat() const;
    [[nodiscard]] std::optional<RunState> run_state() const;
    [[nodiscard]] bool is_asleep(int most_threads) const;
    [[nodiscard]] bool others_sleep(int others) const;

    int proc_ = -1;  // the root's
    pid_t pid_ = 0;
    pid_t thread_ = 0;    // the thread whose table is read; 0: the first one
    pid_t stranger_ = 0;  // a thread with a table of its own
    std::string comm_;
    UniqueFd pidfd_;
    UniqueFd dir_;
    UniqueFd fd_dir_;
    mutable UniqueFd stat_;  // of dir_; opened again when it is asked for
    Holding holding_ = Holding::descriptors;
    std::uint64_t start_time_ = 0;
    bool kernel_thread_ = false;
    bool native_ = false;
    bool has_clock_ = false;
    clockid_t clock_{};
};

}  // namespace logfia
