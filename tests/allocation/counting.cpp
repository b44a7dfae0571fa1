#include "allocation/counting.hpp"

#include <cstdlib>
#include <new>

std::size_t allocations = 0;
std::size_t live_blocks = 0;

namespace {

void* count_and_allocate(std::size_t size) {
    ++allocations;
    ++live_blocks;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
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
    ++allocations;
    ++live_blocks;
    return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    ++live_blocks;
    return std::malloc(size == 0 ? 1 : size);
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
