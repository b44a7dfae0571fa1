#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/listener.hpp>

#include <utility>

namespace logfia {

/// A tiny process that holds the listener too. Without a listener every call that should stop for
/// us would fail with ENOSYS (seccomp_do_user_notification(), kernel/seccomp.c): so when we end,
/// however that happens, or give up, the guard lets all calls go on at once, those of daemons too,
/// and ends with the last process that has the filter.
///
/// The guard holds the listener and a socket to us and nothing else, is in a session of its own,
/// ignores all signals that can be ignored, and shows as `logfia-guard`.
class Guard {
  public:
    /// Forks the guard, which is nobody's child afterwards. To be called while we have one thread,
    /// and before we become a subreaper (prctl(2)): the guard would be our child then. `page` is
    /// the memory into which calls are received.
    static Result<Guard> start(const NoticePage& page);

    /// Hands the listener over, and waits until the guard has it. Returns 0, or errno.
    [[nodiscard]] int entrust(int listener);
    /// Our end of the socket to the guard. When its last copy is closed, the guard takes over; or
    /// ends, if it has no listener yet.
    [[nodiscard]] int socket() const { return socket_.get(); }
    /// From now on the guard answers, and nobody else may. To be called from the thread that called
    /// entrust().
    void take_over() { socket_.reset(); }

  private:
    explicit Guard(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
};

}  // namespace logfia
