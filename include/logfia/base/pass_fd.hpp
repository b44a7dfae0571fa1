#pragma once

#include <logfia/base/unique_fd.hpp>

namespace logfia {

/// Sends a descriptor over a unix socket (SCM_RIGHTS, unix(7)). Returns 0, or errno.
/// Async-signal-safe.
int send_fd(int socket, int fd);

/// The descriptor that was sent, with close-on-exec; none, with errno, when the other end is closed
/// or something else has come.
UniqueFd receive_fd(int socket);

}  // namespace logfia
