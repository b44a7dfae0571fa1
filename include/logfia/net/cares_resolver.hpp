#pragma once

#include <logfia/base/error.hpp>
#include <logfia/event/address.hpp>
#include <logfia/net/reverse_lookup.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace logfia {

struct CaresOptions {
    /// Name servers to ask instead of the system's, and without the hosts file. Empty: the system's
    /// servers, hosts file and nsswitch.conf, as they are now.
    std::vector<Endpoint> servers;
    std::chrono::milliseconds query_timeout{2000};  ///< of the first try; later ones wait longer
    int tries = 2;                                  ///< every server is asked in each
};

/// Reverse look-ups by c-ares. Fails when c-ares cannot be set up or refuses the servers.
Result<std::unique_ptr<ReverseLookup>> make_cares_lookup(const CaresOptions& options);

}  // namespace logfia
