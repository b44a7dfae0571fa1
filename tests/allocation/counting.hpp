#pragma once

#include <cstddef>

/// This program replaces operator new, to count.
extern std::size_t allocations;
extern std::size_t live_blocks;

/// How many more allocations succeed; then there is no memory left. Negative: there always is.
extern std::ptrdiff_t allocations_left;
