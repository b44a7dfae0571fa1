#pragma once

#include <logfia/process/process.hpp>

#include <cstdint>

namespace logfia {

/// The inode number of the network namespace whose tables are in `net/` under the process's
/// directory (namespaces(7)). In a procfs without namespaces, each process counts as having its
/// own.
std::uint64_t network_of(const Process& process);

/// The inode number of our own network namespace; 0 when it cannot be known.
std::uint64_t our_network();

}  // namespace logfia
