#include "socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace fd_maker {

SocketAddress internet_address(const std::string& text, long port) {
    SocketAddress address;
    const auto percent = text.find('%');
    if (inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(static_cast<std::uint16_t>(port));
        address.size = sizeof(sockaddr_in);
    } else if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        if (percent != std::string::npos)
            address.v6.sin6_scope_id = if_nametoindex(text.c_str() + percent + 1);
        address.v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        address.size = sizeof(sockaddr_in6);
    } else {
        throw std::invalid_argument("not an address: " + text);
    }
    return address;
}

SocketAddress unix_address(const std::string& name) {
    SocketAddress address;
    if (name.size() >= sizeof address.un.sun_path) throw std::invalid_argument("path too long");
    address.un.sun_family = AF_UNIX;
    std::memcpy(address.un.sun_path, name.data(), name.size());
    const bool abstract = name.front() == '@';
    if (abstract) address.un.sun_path[0] = '\0';
    address.size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
    return address;
}

}  // namespace fd_maker
