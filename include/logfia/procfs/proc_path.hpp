#pragma once

#include <fmt/format.h>

#include <array>
#include <charconv>
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

/// `7`: a descriptor below `/proc/N/fd`. Spelled without fmt, since a look asks so many.
inline ProcPath fd_path(int fd) {
    ProcPath path{};
    std::to_chars(path.data(), path.data() + path.size() - 1, fd);
    return path;
}

/// `fdinfo/7`: below `/proc/N`.
inline ProcPath fd_info_path(int fd) {
    ProcPath path{'f', 'd', 'i', 'n', 'f', 'o', '/'};
    std::to_chars(path.data() + 7, path.data() + path.size() - 1, fd);
    return path;
}

}  // namespace logfia
