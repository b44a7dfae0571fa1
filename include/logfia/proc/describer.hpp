#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/event.hpp>
#include <logfia/proc/mount_table.hpp>
#include <logfia/proc/proc_root.hpp>
#include <logfia/proc/process.hpp>
#include <logfia/proc/tty_drivers.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// What tells one file from another that has the same number under another name.
struct FileIdentity {
    std::optional<int> mount_id;
    std::optional<std::uint64_t> inode;
    /// A digest of its file handle, which holds the inode's generation (name_to_handle_at(2)): an
    /// inode number may be given to another file at once.
    std::optional<std::uint64_t> handle;
};

/// A file under the name that it had.
struct NamedFile {
    std::string_view name;
    FileIdentity identity;
};

/// True when the two are one file that has another name now. Without a handle of both, an equal
/// inode number proves nothing, unless the file was only unlinked: then ` (deleted)` is all that is
/// new.
bool is_renamed(const NamedFile& before, const NamedFile& after);

/// The type that the link's text tells; `unknown` for a path and for `?`.
FdType type_of_link(std::string_view name);

/// The inode number of `socket:[N]`.
std::optional<std::uint64_t> socket_inode(std::string_view name);

/// Says what a descriptor is: from its link's text, its fdinfo and, where the filesystem cannot
/// keep us waiting, its inode.
class Describer {
  public:
    explicit Describer(const ProcRoot& root);

    /// Once a look, before anything is described: lets go of mount tables that nobody needs any
    /// more.
    void begin_look(SteadyTime now);

    /// Fills in everything but the details of sockets. `process` must be acquired. What cannot be
    /// learned (it is closed meanwhile, it may not be read) stays absent.
    void describe(const Process& process, int fd, std::string_view name, Descriptor& out,
                  FileIdentity& identity);

    /// What an inotify or fanotify watches by now; `process` must be acquired.
    void refresh_object(const Process& process, Descriptor& out);

  private:
    struct HeldTable {
        MountTable table;
        SteadyTime used;
    };
    MountEntry mount_of(const Process& process, int mount_id);
    HeldTable& table_of(const Process& process);
    static std::optional<std::uint64_t> handle_of(const Process& process, const char* number);
    std::string_view read_info(const Process& process, int fd, FdType type);
    void ask_inode(const Process& process, int fd, Descriptor& out, FileIdentity& identity);

    TtyDrivers ttys_;
    std::vector<char> info_;  // fdinfo of the descriptor that is described
    /// Our own mounts: what a process took along into a namespace of its own is not in its table.
    /// Only when our procfs is meant, since the ids are the kernel's.
    std::optional<MountTable> own_mounts_;
    std::map<std::uint64_t, HeldTable> mounts_;  // by mount namespace
    const Process* current_ = nullptr;           // whose table `current_table_` is, for this look
    HeldTable* current_table_ = nullptr;
    SteadyTime now_{};
};

}  // namespace logfia
