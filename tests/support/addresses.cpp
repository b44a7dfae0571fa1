#include "support/addresses.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace logfia::test {

IpAddress ip(const std::string& text) {
    IpAddress address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
    address.family = IpFamily::v6;
    if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
    ADD_FAILURE() << "not an address: " << text;
    return {};
}

IpAddress numbered(std::uint32_t number) {
    IpAddress address;
    address.bytes = {10, static_cast<std::uint8_t>(number >> 16),
                     static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    return address;
}

}  // namespace logfia::test
