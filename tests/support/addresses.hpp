#pragma once

#include <logfia/event/address.hpp>

#include <string>

namespace logfia::test {

/// `192.0.2.1` or `2001:db8::7` as it is written; fails the test and returns 0.0.0.0 otherwise.
IpAddress ip(const std::string& text);

/// The address that is this number after 10.0.0.0.
IpAddress numbered(std::uint32_t number);

}  // namespace logfia::test
