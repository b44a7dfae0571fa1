#include "allocation/counting.hpp"

#include <cstdlib>
#include <new>

std::atomic<std::size_t> allocations = 0;
std::atomic<std::size_t> live_blocks = 0;
std::atomic<std::ptrdiff_t> allocations_left = -1;

namespace {

/// Null when there is no memory.
void* count_and_try(std::size_t size) {
    if (allocations_left == 0) return nullptr;
    if (allocations_left > 0) --allocations_left;
    ++allocations;
    ++live_blocks;
    return std::malloc(size == 0 ? 1 : size);
}

void* count_and_allocate(std::size_t size) {
    if (void* memory = count_and_try(size)) return memory;
    throw std::bad_alloc();
}

void count_and_free(void* memory) {
    if (memory != nullptr) --live_blocks;
    std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
    return count_and_allocate(size);
}
void* operator new[](std::size_t size) {
    return count_and_allocate(size);
}
// std::stable_sort asks in this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return count_and_try(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return count_and_try(size);
}
void operator delete(void* memory) noexcept {
    count_and_free(memory);
}
void operator delete[](void* memory) noexcept {
    count_and_free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    count_and_free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    count_and_free(memory);
}
