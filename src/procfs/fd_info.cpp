#include <logfia/base/fields.hpp>
#include <logfia/procfs/fd_info.hpp>

#include <fcntl.h>

namespace logfia {
namespace {

// Not O_ACCMODE: some C libraries count O_PATH among its bits.
constexpr std::uint32_t kAccessMode = 03;

template <class Number>
void set_once(std::optional<Number>& field, std::string_view text, int base = 10) {
    if (!field) field = parse_number<Number>(text, base);
}

}  // namespace

FdInfo parse_fd_info(std::string_view bytes) {
    FdInfo info;
    while (const auto line = next_line(bytes)) {
        auto rest = *line;
        const auto key = next_field(rest);
        const auto value = next_field(rest);
        if (!next_field(rest).empty()) continue;
        if (key == "pos:") set_once(info.pos, value);
        if (key == "flags:") set_once(info.flags, value, 8);
        if (key == "mnt_id:") set_once(info.mount_id, value);
        if (key == "ino:") set_once(info.inode, value);
    }
    return info;
}

Access access_of(std::uint32_t flags) {
    if ((flags & static_cast<std::uint32_t>(O_PATH)) != 0) return Access::path;
    switch (flags & kAccessMode) {
        case 0:
            return Access::read;
        case 1:
            return Access::write;
        case 2:
            return Access::read_write;
        default:
            return Access::unknown;
    }
}

}  // namespace logfia
