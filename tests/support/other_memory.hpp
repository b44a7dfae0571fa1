#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace logfia::test {

/// The text at `address` in a process, up to its NUL; at most 255 bytes, and no more than can be
/// read: `?` when that is nothing.
std::string text_in(pid_t pid, std::uint64_t address);

}  // namespace logfia::test
