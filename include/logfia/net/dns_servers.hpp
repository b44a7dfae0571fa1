#pragma once

#include <logfia/base/error.hpp>
#include <logfia/event/address.hpp>

#include <string_view>
#include <vector>

namespace logfia {

/// Parses the value of `--dns-server`: `ADDR[:PORT][,…]`, an address being `192.0.2.1`,
/// `2001:db8::7` or `[2001:db8::7]`; before a port an IPv6 address needs the brackets. The port is
/// 53 unless given. At least one server on success; the Error names the part that is wrong.
Result<std::vector<Endpoint>> parse_dns_servers(std::string_view text);

}  // namespace logfia
