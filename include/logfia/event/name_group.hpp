#pragma once

#include <string>
#include <string_view>

namespace logfia {

/// The name with `*` in place of each run of digits: `app.log.12` and `app.log.7` are alike.
std::string without_digits(std::string_view name);

/// The name with `*` in place of parts that programs make up for temporary names: runs of digits,
/// and words that mix digits and letters, such as those of mkstemp(3), hashes and UUIDs. A name
/// without such parts comes back unchanged. The result is a guess: only names that turn out alike
/// may be grouped.
std::string without_made_up(std::string_view name);

}  // namespace logfia
