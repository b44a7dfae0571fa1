#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/mount_tables.hpp>
#include <logfia/descriptor/wanted_facts.hpp>
#include <logfia/event/descriptor.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/internal_mounts.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/tty_drivers.hpp>
#include <logfia/source/seccomp/call.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// Says what a descriptor is while its owner stands still, so that no number can become another
/// file's between two questions: unless other threads have the table too, in which case what does
/// not fit together is left out. Asks for nothing that the call's own arguments have told, or that
/// nobody wants; the answers take microseconds, since no filesystem is asked that could wait for
/// somebody else.
class DescriptorReader {
  public:
    /// `root` must outlive it.
    DescriptorReader(const ProcRoot& root, WantedFacts wanted);

    /// True when read() needs the process for a descriptor with that link.
    [[nodiscard]] bool needs_process(std::string_view link) const;
    /// Everything but what sockets tell of themselves. `process` may be null; `entry` is the call
    /// that has made the descriptor, null where that is not known.
    Descriptor read(const Process* process, int fd_dir, int fd, std::string_view link,
                    const CallEntry* entry, SteadyTime now);
    /// Reads what an object watches, or counts, by now; null: nothing, or it cannot be told.
    std::shared_ptr<const ObjectInfo> read_object(int fd_dir, int fd, FdType type);
    /// The process has ended.
    void forget(const Process& process) { mounts_.forget(process); }

  private:
    void add_info(const Process* process, int fd_dir, Descriptor& out, SteadyTime now);
    void add_file(const Process* process, int fd_dir, const FdInfo& info, Descriptor& out,
                  SteadyTime now);
    static void add_access(int fd_dir, const CallEntry* entry, Descriptor& out);
    std::string_view read_info(int fd_dir, int fd, FdType type);

    WantedFacts wanted_;
    TtyDrivers ttys_;
    MountTables mounts_;
    SteadyTime mounts_checked_{};
    InternalMounts internal_;
    std::vector<char> info_;
};

}  // namespace logfia
