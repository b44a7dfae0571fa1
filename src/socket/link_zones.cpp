#include <logfia/base/fields.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/socket/link_zones.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logfia {

// "fe800000000000000000000000000007 02 40 20 80     eth0"
std::optional<LinkAddress> parse_link_address(std::string_view row) {
    const auto digits = next_field(row);
    const auto index = parse_number<std::uint32_t>(next_field(row), 16);
    if (digits.size() != 32 || !index || *index == 0) return std::nullopt;
    LinkAddress result;
    result.address.family = IpFamily::v6;
    result.index = *index;
    for (std::size_t i = 0; i < 16; ++i) {
        const auto byte = parse_number<std::uint8_t>(digits.substr(2 * i, 2), 16);
        if (!byte) return std::nullopt;
        result.address.bytes[i] = *byte;
    }
    for (int skipped = 0; skipped < 3; ++skipped)  // prefix length, scope, flags
        if (next_field(row).empty()) return std::nullopt;
    result.name = next_field(row);
    if (result.name.empty()) return std::nullopt;
    return result;
}

std::string zone_text(std::string_view name, std::uint32_t index) {
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-_.@").find(c) != std::string_view::npos;
    });
    return name.empty() || !plain ? fmt::format("{}", index) : std::string(name);
}

void LinkZones::read(int proc_dir_fd) {
    addresses_.clear();
    const UniqueFd file(::openat(proc_dir_fd, "net/if_inet6", O_RDONLY | O_CLOEXEC));
    if (!file) return;
    reader_.start(file.get());
    while (const auto row = reader_.next())
        if (auto one = parse_link_address(*row); one && needs_zone(one->address))
            addresses_.push_back(std::move(*one));
}

void LinkZones::add_to(SocketInfo& socket) const {
    if (!lacks_zone(socket)) return;
    const auto is_it = [&](const LinkAddress& one) { return one.address == socket.local->address; };
    const auto one = std::find_if(addresses_.begin(), addresses_.end(), is_it);
    if (one == addresses_.end() ||
        std::find_if(one + 1, addresses_.end(), is_it) != addresses_.end())
        return;
    socket.local->zone = zone_text(one->name, one->index);
    // A socket with a link-local address is bound to the address's interface, and so are all its
    // peers.
    if (socket.remote && needs_zone(socket.remote->address))
        socket.remote->zone = socket.local->zone;
}

bool lacks_zone(const SocketInfo& socket) {
    return socket.local && socket.local->zone.empty() && needs_zone(socket.local->address);
}

}  // namespace logfia
