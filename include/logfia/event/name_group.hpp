#pragma once

#include <string>
#include <string_view>

namespace logfia {

/// The name with `*` in place of each run of digits: `app.log.12` and `app.log.7` are alike.
std::string without_digits(std::string_view name);

/// The name with `*` in place of what programs make up for temporary names: runs of digits, and
/// words that mix digits and letters at random, as mkstemp(3), hashes and UUIDs do. A name without
/// any comes back as it is. The result is a guess: only names that turn out alike may be grouped.
std::string without_random_parts(std::string_view name);

}  // namespace logfia
