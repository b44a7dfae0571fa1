#pragma once

#include <atomic>
#include <cstddef>

/// Counts of all threads: operator new is replaced in this program.
extern std::atomic<std::size_t> allocations;
extern std::atomic<std::size_t> live_blocks;

/// How many more allocations succeed before memory runs out. Negative: without limit.
extern std::atomic<std::ptrdiff_t> allocations_left;
