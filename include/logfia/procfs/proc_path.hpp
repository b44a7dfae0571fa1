#pragma once

#include <fmt/format.h>

#include <array>
#include <utility>

namespace logfia {

/// A path below a procfs, without an allocation.
using ProcPath = std::array<char, 64>;

template <class... Args>
ProcPath proc_path(fmt::format_string<Args...> format, Args&&... args) {
    ProcPath path{};
    fmt::format_to_n(path.data(), path.size() - 1, format, std::forward<Args>(args)...);
    return path;
}

}  // namespace logfia
