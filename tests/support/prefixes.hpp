#pragma once

#include <cstddef>
#include <string_view>

namespace logfia::test {

/// Calls `check` with every proper prefix of `text`, the empty one first: a kernel's row that was
/// cut at each place where it can be.
template <class Check>
void for_each_prefix(std::string_view text, Check&& check) {
    for (std::size_t length = 0; length < text.size(); ++length) check(text.substr(0, length));
}

}  // namespace logfia::test
