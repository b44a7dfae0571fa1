#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>

#include <sys/types.h>

#include <cerrno>
#include <span>
#include <string>
#include <string_view>

namespace logfia {

/// A mounted procfs, held open.
class ProcRoot {
  public:
    /// Error when `path` is no directory that can be opened.
    static Result<ProcRoot> open(const std::string& path);

    [[nodiscard]] int fd() const { return dir_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// True when its PIDs are those of our own system calls: only then may pidfd_open(2),
    /// clock_getcpuclockid(3), kcmp(2) and kill(2) be asked about them. That is so when the procfs
    /// shows us (`self`) and `NSpid:` of `self/status` has a single number (proc_pid_status(5)).
    [[nodiscard]] bool native() const { return native_; }

    /// False for any other directory, such as those that tests build (statfs(2)).
    [[nodiscard]] bool is_procfs() const;

    /// Our own PID in it; 0 when it does not show us.
    [[nodiscard]] pid_t self() const { return self_; }

  private:
    ProcRoot() = default;

    UniqueFd dir_;
    std::string path_;
    bool native_ = false;
    pid_t self_ = 0;
};

/// True for the errno with which procfs answers for a process, or a descriptor, that no longer
/// exists; any other errno may be our own problem (out of descriptors, of memory).
constexpr bool is_gone(int error) {
    return error == ENOENT || error == ESRCH;
}

/// True when this user lacks the permission.
constexpr bool is_denied(int error) {
    return error == EACCES || error == EPERM;
}

/// We lack descriptors, memory or the like: a later try may succeed.
constexpr bool is_lacking(int error) {
    return error != 0 && !is_gone(error) && !is_denied(error);
}

/// The beginning of a file, or why it could not be read.
struct FileText {
    std::string_view bytes;  ///< empty on failure
    int error = 0;           ///< errno; 0 also for an empty file

    operator std::string_view() const { return bytes; }
};

/// Reads the beginning of a file of procfs, as far as `buffer` holds it, relative to `dir_fd`. The
/// result lies in `buffer`.
FileText read_file(int dir_fd, const char* path, std::span<char> buffer);

/// Reads, at a single try, a file that the kernel shows in one piece: `stat`, `status`, `comm`,
/// `limits` and `fdinfo/N` of a process (proc_single_show() in fs/proc/base.c and single_open() in
/// fs/seq_file.c).
FileText read_piece(int dir_fd, const char* path, std::span<char> buffer);

}  // namespace logfia
