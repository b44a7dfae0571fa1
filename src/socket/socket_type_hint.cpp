#include <logfia/event/socket_names.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <sys/xattr.h>

#include <cstdio>

namespace logfia {
SocketHint hint_of_protocol_name(std::string_view name) {
    const FdType type = type_of_protocol(name);
    if (type == FdType::unknown) return {FdType::socket, family_of_protocol_name(name)};
    return {type};
}

SocketHint socket_type_hint(int proc_fd, const char* process, int fd) {
    // No system call before Linux 6.13 takes a directory for this; the magic link of our own
    // descriptor leads to the same one.
    char path[128];
    const int length =
        std::snprintf(path, sizeof path, "/proc/self/fd/%d/%s/fd/%d", proc_fd, process, fd);
    if (length < 0 || static_cast<std::size_t>(length) >= sizeof path) return {};
    char value[64];
    const auto size = ::getxattr(path, "system.sockprotoname", value, sizeof value);
    if (size <= 0) return {};
    // The kernel counts the NUL at its end (sockfs_xattr_get, net/socket.c).
    const std::string_view name(value, static_cast<std::size_t>(size));
    return hint_of_protocol_name(name.substr(0, name.find('\0')));
}

}  // namespace logfia
