#pragma once

#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/socket/file_answer.hpp>
#include <logfia/socket/socket_answer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace logfia {

/// A question about a descriptor of another process, which the kernel may keep waiting.
struct BlockingRequest {
    enum class Question : std::uint8_t {
        all,  ///< everything that the socket itself tells; of TCP without totals
        with_totals,
        totals,   ///< of a TCP socket, the state and the totals
        hint,     ///< type and family of a socket that may not be asked itself
        targets,  ///< the targets of an epoll
        file,     ///< everything that a file tells without being opened
    };
    enum class Outcome : std::uint8_t {
        answered,
        closed,     ///< the number is free by now, or it is another file's
        forbidden,  ///< no right to ptrace, or the kernel has no such call: it will not change
        failed,     ///< not this time: no descriptor is left, the process has ended
        stuck,      ///< the kernel keeps whoever asks waiting
    };

    int pidfd = -1;  ///< of the process; for a hint, targets and a file: not needed
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
};

/// Asks the kernel what it may let us wait for, on a thread of its own; one that is kept waiting is
/// left to itself and replaced. So is
/// - a socket asked by a copy (pidfd_getfd(2), since Linux 5.6), which is held for a microsecond or
///   two, since it keeps the socket open: its owner may have it locked while it sends from memory
///   that does not come; and closing the copy lingers when it has become the last one of a socket
///   with SO_LINGER (socket(7)), or waits for a file on FUSE that has got the number meanwhile;
/// - an attribute of a socket, which may be a file on FUSE by now;
/// - the fdinfo of an epoll, which its owner locks while epoll_wait(2) writes to memory that does
///   not come;
/// - a file, which may be on a filesystem that does not answer (MountKind).
///
/// A thread that waits for memory cannot be killed: then our own end waits for that too.
class BlockingAsker {
  public:
    BlockingAsker() = default;
    ~BlockingAsker();
    BlockingAsker(BlockingAsker&&) = default;
    BlockingAsker& operator=(BlockingAsker&&) = delete;

    /// Fills in `outcome` and the answer of each, in their order. Each one that is `stuck` costs
    /// 40 ms, or 100 ms where the procfs does not show our threads; after the fourth no more are
    /// asked, so that a call costs 160 ms or 400 ms at most, apart from the time that the answers
    /// themselves take. What has no answer then has `failed`.
    void ask(std::vector<BlockingRequest>& requests);

    /// True while the kernel keeps a thread of ours waiting for an answer about one of `owner`'s.
    [[nodiscard]] bool is_kept_waiting_by(std::uint64_t owner) const;

    /// Threads that there are, idle and waiting ones.
    [[nodiscard]] std::size_t threads() const;
    /// Nothing could be asked the last time: the kernel keeps as many waiting as there may be.
    [[nodiscard]] bool exhausted() const { return exhausted_; }

  private:
    class Worker;
    std::shared_ptr<Worker> free_worker();

    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<BlockingRequest> batch_;
    bool exhausted_ = false;
};

}  // namespace logfia
