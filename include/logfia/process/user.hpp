#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace logfia {

/// The number of a user, given as a name that the system knows or as digits. Absent when it is
/// neither. In the static build (LOGFIA_STATIC), only /etc/passwd is read: glibc's other sources of
/// names are shared libraries, which must be of the very version that was linked.
std::optional<uid_t> user_named(const std::string& user);

}  // namespace logfia
