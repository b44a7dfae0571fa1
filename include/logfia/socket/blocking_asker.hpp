#pragma once

#include <logfia/process/gained_rights.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/socket/file_answer.hpp>
#include <logfia/socket/socket_answer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace logfia {

/// A question about a descriptor of another process, for which the kernel may block the caller.
struct BlockingRequest {
    enum class Question : std::uint8_t {
        all,  ///< everything that the socket itself tells, except the totals of TCP
        with_totals,
        totals,   ///< of a TCP socket, the state and the totals
        hint,     ///< type and family of a socket that may not be asked itself
        targets,  ///< the targets of an epoll
        file,     ///< everything that a file tells without being opened
        program,  ///< the rights that the program of the process would give
    };
    enum class Outcome : std::uint8_t {
        answered,
        closed,     ///< the number is free by now, or it is another file's
        forbidden,  ///< no right to ptrace, or no such call: trying again is no use
        failed,     ///< failed this time: no descriptor is left, the process has ended
        stuck,      ///< the kernel blocks whoever asks
    };

    int pidfd = -1;  ///< of the process; needed where a socket is asked through a copy
    int fd = -1;
    std::uint64_t inode = 0;  ///< of the socket that is meant
    int proc_fd = -1;         ///< our own procfs
    ProcPath process{};       ///< the process's directory below that
    Question question = Question::all;
    std::uint64_t owner = 0;  ///< the owner of the descriptor: a number of the caller's
    FileQuestion about{};     ///< how a `file` is asked

    Outcome outcome = Outcome::failed;
    SocketAnswer answer;
    std::optional<ObjectInfo> object;  ///< targets; absent: it watches nothing
    FdInfo info;                       ///< with the targets
    FileAnswer file;
    std::optional<ProgramFile> program;
};

/// Puts questions for which the kernel may block the caller, on a thread of its own; a thread that
/// is blocked is left to itself and replaced. The questions are put to
/// - a socket, through a duplicate (pidfd_getfd(2), since Linux 5.6), which is held for a
///   microsecond or two, since it keeps the socket open: the owner may hold the socket's lock while
///   it sends from memory that does not arrive; and closing the duplicate blocks if it has become
///   the last descriptor of a socket with SO_LINGER (socket(7)), or if the number has meanwhile
///   been given to a file on FUSE;
/// - an attribute of a socket, whose number may belong to a file on FUSE by now;
/// - the fdinfo of an epoll, which its owner locks while epoll_wait(2) writes to memory that does
///   not arrive;
/// - a file, or the executable of a process, which may be on a filesystem that does not answer
///   (MountKind).
///
/// A thread that waits for memory cannot be killed: logfia then cannot exit before the thread is
/// released.
class BlockingAsker {
  public:
    BlockingAsker() = default;
    ~BlockingAsker();
    BlockingAsker(BlockingAsker&&) = default;
    BlockingAsker& operator=(BlockingAsker&&) = delete;

    /// Fills in `outcome` and the answer of each request, in order. Each request that is `stuck`
    /// costs 40 ms, or 100 ms where the procfs does not show our threads; after the fourth no more
    /// are put, so that a call costs 160 ms or 400 ms at most, apart from the time that the answers
    /// themselves take. Requests without an answer then have `failed`.
    void ask(std::vector<BlockingRequest>& requests);

    /// True while a thread is blocked by a question about a descriptor of `owner`.
    [[nodiscard]] bool is_kept_waiting_by(std::uint64_t owner) const;

    /// Threads that there are, idle and waiting ones.
    [[nodiscard]] std::size_t threads() const;
    /// No question could be put the last time: as many threads as allowed are blocked.
    [[nodiscard]] bool exhausted() const { return exhausted_; }

  private:
    class Worker;
    std::shared_ptr<Worker> free_worker();

    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<BlockingRequest> batch_;
    bool exhausted_ = false;
};

}  // namespace logfia
