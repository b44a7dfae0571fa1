#pragma once

#include <string>
#include <string_view>

namespace logfia {

/// The name with `*` in place of each run of digits: `app.log.12` and `app.log.7` are alike.
std::string without_digits(std::string_view name);

/// The name with `*` in place of what programs make up for names of the moment: runs of digits, and
/// words of digits and letters in a muddle, as mkstemp(3), hashes and UUIDs have them. A name
/// without any comes back as it is. It is a guess: only names that turn out alike may be grouped.
std::string without_made_up(std::string_view name);

}  // namespace logfia
