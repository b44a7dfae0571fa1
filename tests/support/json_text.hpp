#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia::test {

/// The bytes of one quoted JSON string; nothing when it is not a whole and valid one.
std::optional<std::string> parse_json_string(std::string_view text);

/// The keys of one flat JSON object with the text of their values, in their order; nothing when the
/// text is no such object. A value may be a string, a number, a literal or an array of those.
using JsonMembers = std::vector<std::pair<std::string, std::string>>;
std::optional<JsonMembers> parse_json_object(std::string_view text);

}  // namespace logfia::test
