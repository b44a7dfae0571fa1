#pragma once

#include <optional>
#include <string_view>

namespace logfia {

/// How many threads of the whole machine run or wait for a CPU, according to `/proc/loadavg`
/// (proc_loadavg(5)): `0.20 0.18 0.12 1/80 11206`. Absent when the row is malformed.
std::optional<int> parse_runnable(std::string_view bytes);

}  // namespace logfia
