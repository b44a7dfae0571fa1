#pragma once

#include <logfia/event/fd_type.hpp>
#include <logfia/event/object_info.hpp>
#include <logfia/event/socket_info.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

enum class Access : std::uint8_t { unknown, read, write, read_write, path };

std::string_view to_string(Access access);  ///< empty for `unknown`

/// The description of one open descriptor. Whatever is not known is absent.
struct Descriptor {
    /// Our own number for it, from its `open` to its `close`; never given twice.
    std::uint64_t id = 0;
    int fd = -1;
    FdType type = FdType::unknown;
    Access access = Access::unknown;
    bool deleted = false;     ///< proved: the file has no name any more
    std::uint32_t flags = 0;  ///< open(2) flags as the kernel holds them; 0 when not known
    std::string name;         ///< the kernel's link, any bytes but NUL; `?` when it may not be read
    std::optional<std::uint64_t> inode;
    std::optional<DeviceNumber> device;
    std::optional<std::uint64_t> size;         ///< bytes; files
    std::optional<std::int64_t> pos;           ///< bytes; files
    std::shared_ptr<const SocketInfo> socket;  ///< null: not a socket, or nothing could be learned
    std::shared_ptr<const ObjectInfo> object;  ///< null: there are no further facts about its type
};

/// True when a socket without a peer has an address of its own.
bool is_bound(FdType type, const SocketInfo& socket);
/// The `state` of an internet socket, as records name it; empty when that is not known.
std::string_view state_name(FdType type, const SocketInfo& socket);

}  // namespace logfia
