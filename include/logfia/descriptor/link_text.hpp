#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

constexpr std::string_view kAnonInode = "anon_inode:";
/// Stands for a link that may not be read.
constexpr std::string_view kUnreadableLink = "?";

/// The inode number of `socket:[N]`.
std::optional<std::uint64_t> socket_inode(std::string_view name);

/// The inode number of any `WORD:[N]`.
std::optional<std::uint64_t> bracketed_number(std::string_view text);

}  // namespace logfia
