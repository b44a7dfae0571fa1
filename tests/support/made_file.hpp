#pragma once

#include <string>
#include <string_view>

namespace logfia::test {

/// The path of a small file, readable by everybody, in a directory of this run of the tests: made
/// when its name is asked for first, the same ever after, and removed when the run ends. For a test
/// that needs some file to be opened.
std::string made_file(std::string_view name);

/// `text` with made_file(WORD) for each `{WORD}`: for tables of cases, which are built before any
/// test runs.
std::string with_made_files(std::string_view text);

}  // namespace logfia::test
