#pragma once

#include <logfia/event/descriptor.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/mount_table.hpp>
#include <logfia/procfs/tty_drivers.hpp>
#include <logfia/socket/file_answer.hpp>

#include <string_view>

namespace logfia {

/// The type of a path whose file is not asked: the name alone proves nothing in `/dev`.
FdType likely_type(std::string_view name);

/// The type of a path as its flags and its position suggest; `unknown` where they prove nothing.
FdType type_by_info(std::string_view name, const FdInfo& info);

/// The type of a path on a mount of this kind, as far as it can be told without asking the file.
FdType type_unasked(MountKind kind, std::string_view name, const FdInfo& info);

/// Fills in what the file itself has told, but for its name.
void add_file_facts(const FileAnswer& file, const TtyDrivers& ttys, Descriptor& out);

}  // namespace logfia
