#include <logfia/socket/network_namespace.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace logfia {
namespace {

/// The network namespace that a link of `ns/` names; 0 when it cannot be read.
std::uint64_t network_of(int dir_fd, const char* path) {
    char link[64];
    const ssize_t length = readlinkat(dir_fd, path, link, sizeof link);
    std::string_view text(link, length > 0 ? static_cast<std::size_t>(length) : 0);
    constexpr std::string_view kPrefix = "net:[";
    std::uint64_t inode = 0;
    if (text.starts_with(kPrefix))
        std::from_chars(text.data() + kPrefix.size(), text.data() + text.size(), inode);
    return inode;
}

}  // namespace

std::uint64_t our_network() {
    return network_of(AT_FDCWD, "/proc/self/ns/net");
}

std::uint64_t network_of(const Process& process) {
    const std::uint64_t inode = network_of(process.dir(), "ns/net");
    // In a tree without namespaces, the process is its own namespace.
    return inode != 0 ? inode
                      : (std::uint64_t{1} << 63) | static_cast<std::uint32_t>(process.pid());
}

}  // namespace logfia
