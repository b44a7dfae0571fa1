#pragma once

#include "truth.hpp"

#include <span>

namespace fd_truth {

std::span<const Mode> file_modes();
std::span<const Mode> socket_modes();
std::span<const Mode> number_modes();
std::span<const Mode> object_modes();
std::span<const Mode> process_modes();
std::span<const Mode> ending_modes();
std::span<const Mode> thread_modes();
std::span<const Mode> uring_modes();

}  // namespace fd_truth
