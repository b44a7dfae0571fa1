#pragma once

#include <logfia/process/process.hpp>

#include <cstdint>

namespace logfia {

/// The network namespace whose tables `net/` under the process's directory shows, by its inode
/// number (namespaces(7)). In a procfs without namespaces each process has one of its own.
std::uint64_t network_of(const Process& process);

/// Our own; 0 when it cannot be known.
std::uint64_t our_network();

}  // namespace logfia
