#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>

namespace logfia {

/// The number of a user, given as a name that the system knows or as digits. Absent when it is
/// neither. In the static build (LOGFIA_STATIC), only /etc/passwd is read: glibc's other sources of
/// names are shared libraries, which must be of the very version that was linked.
std::optional<uid_t> user_named(const std::string& user);

/// Names of users, from /etc/passwd alone: the system's other sources may be servers, for whose
/// answer a watch would have to wait.
class UserNames {
  public:
    /// Empty when the user has none there. The file is read once, at the first call.
    const std::string& name_of(uid_t user);

  private:
    void read();

    bool was_read_ = false;
    std::unordered_map<uid_t, std::string> names_;
    std::string none_;
};

}  // namespace logfia
