#pragma once

#include <string_view>

namespace logfia {

/// The kernel's mark at the end of a link to a file that has no name any more (d_path(),
/// fs/d_path.c). A file's own name may end so, too.
inline constexpr std::string_view kDeletedSuffix = " (deleted)";

/// The text without the mark, if it has one.
inline std::string_view without_deleted_suffix(std::string_view link) {
    if (link.ends_with(kDeletedSuffix)) link.remove_suffix(kDeletedSuffix.size());
    return link;
}

}  // namespace logfia
