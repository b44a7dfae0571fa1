#pragma once

#include <logfia/event/event.hpp>

#include <optional>
#include <string_view>

namespace logfia {

/// Parses the lines of `/proc/N/fdinfo/FD` that are specific to an object without a name
/// (proc_pid_fdinfo(5), Documentation/filesystems/proc.rst): the count of an eventfd, when a
/// timerfd expires, whose pidfd it is, what an epoll, inotify or fanotify watches, the sizes of an
/// io_uring and the files registered with it, the kind and number of a BPF object. Absent for other
/// types, and when there are no such lines.
///
/// `bytes` may be cut anywhere: a line without its newline is not trusted.
std::optional<ObjectInfo> parse_object_info(FdType type, std::string_view bytes);

}  // namespace logfia
