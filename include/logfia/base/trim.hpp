#pragma once

#include <cstddef>
#include <vector>

namespace logfia {

/// Empties a list that each look fills, and frees memory that one look needed beyond the usual.
template <class T>
void clear_and_trim(std::vector<T>& list) {
    constexpr std::size_t kKept = 1000;
    list.clear();
    if (list.capacity() > kKept) list.shrink_to_fit();
}

}  // namespace logfia
