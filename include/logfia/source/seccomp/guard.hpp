#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/source/seccomp/listener.hpp>

#include <utility>

namespace logfia {

/// A tiny process that holds the listener too. Without a listener every call that should stop for
/// us would fail with ENOSYS (seccomp_do_user_notification(), kernel/seccomp.c): so when we end,
/// however that happens, the guard lets all calls go on at once, those of daemons too, and ends
/// with the last process that has the filter.
///
/// The guard holds the listener and a pidfd of ours and nothing else, is in a session of its own,
/// ignores all signals that can be ignored, and shows as `logfia-guard`.
class Guard {
  public:
    /// Forks the guard, which is nobody's child afterwards. To be called while we have one thread,
    /// and before we become a subreaper (prctl(2)): the guard would be our child then. `page` is
    /// the memory into which calls are received.
    static Result<Guard> start(const NoticePage& page);

    /// Hands the listener over, and waits until the guard has it. Returns 0, or errno.
    [[nodiscard]] int entrust(int listener);
    /// Our end of the socket to the guard, as long as the listener was not handed over: when its
    /// last copy is closed, the guard ends. -1 afterwards.
    [[nodiscard]] int socket() const { return socket_.get(); }

  private:
    explicit Guard(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
};

}  // namespace logfia
