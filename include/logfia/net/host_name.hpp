#pragma once

#include <string>
#include <string_view>

namespace logfia {

/// A PTR record holds a stranger's text. Returns it with exactly one dot at its end when it
/// can be a host name: 1 to 253 letters, digits, `-`, `_` and `.`, no label of it empty (one last
/// dot is not counted). Returns an empty string for anything else.
std::string checked_host_name(std::string_view text);

}  // namespace logfia
