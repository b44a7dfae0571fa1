#pragma once

#include <optional>
#include <string>

namespace logfia {

/// The path of the file that execvp(3) would run for this word: the word itself if it has a slash,
/// else the first executable file of that name in the directories of PATH (without PATH:
/// /bin:/usr/bin). Absent when there is none. What the kernel thinks of the content of the file is
/// not asked.
std::optional<std::string> find_executable(const std::string& word);

}  // namespace logfia
