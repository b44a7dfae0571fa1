#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// The facts that decide about the rights that a process gains by running a file.
struct ProgramFile {
    mode_t mode = 0;  ///< stat(2)
    uid_t owner = 0;
    gid_t group = 0;
    std::string capabilities{};  ///< the bytes of `security.capability`; empty: none
    bool nosuid = false;         ///< the mount lets nobody gain rights
    bool script = false;         ///< begins with `#!`: the interpreter's rights count instead
};

/// Asks about the file that an O_PATH descriptor (or any other one) refers to, through
/// /proc/self/fd. Absent when it is no regular file, or cannot be asked. The filesystem may ask its
/// server: not for a thread that must not wait.
std::optional<ProgramFile> read_program_file(int fd);
/// Asks by a path; links are followed, as by an exec.
std::optional<ProgramFile> read_program_file(const std::string& path);

/// The effective IDs of whoever runs a file.
struct EffectiveIds {
    uid_t user = 0;
    gid_t group = 0;
};

/// The IDs and capabilities that a process gains by running a file, as long as NO_NEW_PRIVS does
/// not forbid it.
struct GainedRights {
    std::optional<uid_t> user{};   ///< becomes its effective user ID
    std::optional<gid_t> group{};  ///< becomes its effective group ID
    bool capabilities = false;     ///< of the file; which ones does not matter here

    [[nodiscard]] bool any() const { return user || group || capabilities; }
    bool operator==(const GainedRights&) const = default;
};

/// The kernel's rules (bprm_fill_uid() in fs/exec.c, get_file_caps() in security/commoncap.c). A
/// script's interpreter is a file of its own.
GainedRights gained_rights(const ProgramFile& file, EffectiveIds ours);

/// A notice that `program`, under an exact watch that takes them, runs without these rights.
/// `user_name` is that of `rights.user`; empty: the number is told.
std::string missed_rights_notice(std::string_view program, const GainedRights& rights,
                                 std::string_view user_name);

}  // namespace logfia
