#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace logfia {

/// Whether fstat(2) of `/proc/N/fd` tells how many descriptors there are (st_size, since Linux
/// 6.2). Where that is so, a descriptor that came by any other way than the calls that stop for us
/// shows in the count.
enum class DescriptorCount : std::uint8_t { told, untold };

/// The seccomp(2) program that stops the calls of `call.hpp` (SECCOMP_RET_USER_NOTIF), and every
/// call of an Abi that is not known, and lets all others through. No pointer is read, so that the
/// caller cannot change under us what was judged.
std::vector<sock_filter> make_filter(DescriptorCount count);

}  // namespace logfia
