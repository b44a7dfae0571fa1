#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

/// The soft limit of "Max open files" in `/proc/N/limits` (proc_pid_limits(5)). Absent when it is
/// unlimited, or the line is missing or malformed.
std::optional<std::uint64_t> parse_fd_limit(std::string_view bytes);

/// The soft limit of the process whose `/proc/N` is held as `process_dir`. Any user may read it.
std::optional<std::uint64_t> read_fd_limit(int process_dir);

}  // namespace logfia
