#pragma once

#include <logfia/source/seccomp/call.hpp>

#include <span>

// The numbers of calls, each table in a file of its own: the kernel's headers for two machines
// cannot be included together. A table is empty where the kernel does not know it.
namespace logfia {

std::span<const CallNumber> x86_64_calls();
std::span<const CallNumber> i386_calls();
std::span<const CallNumber> arm64_calls();

}  // namespace logfia
