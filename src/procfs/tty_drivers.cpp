#include <logfia/base/fields.hpp>
#include <logfia/procfs/tty_drivers.hpp>

#include <algorithm>

namespace logfia {

TtyDrivers::TtyDrivers(std::string_view bytes) {
    while (const auto row = next_line(bytes)) {
        if (!add_row(*row)) ++rows_skipped_;
    }
    if (!bytes.empty()) ++rows_skipped_;
}

bool TtyDrivers::contains(DeviceNumber device) const {
    if (device.major >= 136 && device.major <= 143) return true;
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        return range.major == device.major && range.first <= device.minor &&
               device.minor <= range.last;
    });
}

// "pty_slave            /dev/pts      136 0-1048575 pty:slave". The driver's name comes first and
// may hold spaces; it may look like a path as well ("/dev/tty").
bool TtyDrivers::add_row(std::string_view row) {
    const auto device = row.find(" /dev/");
    if (device == std::string_view::npos || device == 0) return false;
    auto rest = row.substr(device);
    next_field(rest);
    const auto major = parse_number<std::uint32_t>(next_field(rest));
    const auto minors = next_field(rest);
    const auto dash = minors.find('-');
    const auto first = parse_number<std::uint32_t>(minors.substr(0, dash));
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_number<std::uint32_t>(minors.substr(dash + 1));
    if (!major || !first || !last || *last < *first || rest.empty()) return false;
    ranges_.push_back({*major, *first, *last});
    return true;
}

}  // namespace logfia
