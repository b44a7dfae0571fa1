#pragma once

#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

namespace fd_maker {

/// A socket address of any family, as the calls want it.
struct SocketAddress {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un un;
        sockaddr_nl netlink;
        sockaddr_ll packet;
        sockaddr_vm vm;
        sockaddr_storage storage{};
    };
    socklen_t size = sizeof(sockaddr_storage);
};

/// `192.0.2.1`, `2001:db8::7`, `fe80::7%eth0`.
SocketAddress internet_address(const std::string& text, long port);

/// `@NAME` is abstract; it ends where NAME ends.
SocketAddress unix_address(const std::string& name);

}  // namespace fd_maker
