#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

constexpr std::string_view kAnonInode = "anon_inode:";

/// The type that the link's text tells; `unknown` for a path and for `?`.
FdType type_of_link(std::string_view name);

/// The inode number of `socket:[N]`.
std::optional<std::uint64_t> socket_inode(std::string_view name);

/// The inode number of any `WORD:[N]`.
std::optional<std::uint64_t> bracketed_number(std::string_view text);

}  // namespace logfia
