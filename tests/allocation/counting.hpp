#pragma once

#include <cstddef>

/// This program replaces operator new, to count.
extern std::size_t allocations;
extern std::size_t live_blocks;
