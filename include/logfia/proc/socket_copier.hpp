#pragma once

#include <logfia/proc/socket_answer.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace logfia {

/// A socket of another process, to be asked itself.
struct SocketRequest {
    enum class Question : std::uint8_t {
        all,  ///< whatever it tells; of TCP without totals
        with_totals,
        totals,  ///< of TCP, the state and the totals
    };
    enum class Outcome : std::uint8_t {
        answered,
        closed,     ///< the number is free by now, or it is another file's
        forbidden,  ///< no right to ptrace, or the kernel has no such call: it will not change
        failed,     ///< not this time: no descriptor is left, the process has ended
        stuck,      ///< the kernel keeps whoever asks waiting
    };

    int pidfd = -1;
    int fd = -1;
    std::uint64_t inode = 0;  ///< of the socket that is meant
    int proc_fd = -1;         ///< our own procfs, for the peer's name
    Question question = Question::all;

    Outcome outcome = Outcome::failed;
    SocketAnswer answer;
};

/// Asks sockets of other processes, each by a copy (pidfd_getfd(2), since Linux 5.6) that is held
/// for a microsecond or two, since it keeps the socket open.
///
/// Two things may wait as long as it pleases somebody else: asking, while the socket's owner sends
/// from memory that does not come; and closing a copy that has become the last one of a socket with
/// SO_LINGER (socket(7)), or is a file on FUSE that has got the number meanwhile. So both are done
/// on a thread of its own; one that is kept waiting is left to itself and replaced.
class SocketCopier {
  public:
    SocketCopier() = default;
    ~SocketCopier();
    SocketCopier(SocketCopier&&) = default;
    SocketCopier& operator=(SocketCopier&&) = delete;

    /// Fills in `outcome` and `answer` of each, in their order. Waits for the kernel for some tens
    /// of milliseconds at most; what has not been answered by then is `stuck`, or `failed` when it
    /// stood behind that.
    void ask(std::vector<SocketRequest>& requests);

    /// Threads that there are, idle and waiting ones.
    [[nodiscard]] std::size_t threads() const;

  private:
    class Worker;
    std::shared_ptr<Worker> free_worker();

    std::vector<std::shared_ptr<Worker>> workers_;
};

}  // namespace logfia
