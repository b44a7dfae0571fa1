#pragma once

#include <logfia/event/event.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace logfia {

/// Tells which character devices are terminals: the drivers of `/proc/tty/drivers` (proc_tty(5)).
/// The slaves of pseudo-terminals (majors 136 to 143, Documentation/admin-guide/devices.txt) always
/// are, also when nothing could be read.
class TtyDrivers {
  public:
    TtyDrivers() = default;
    /// Malformed rows, and a last one without its newline, are skipped and counted.
    explicit TtyDrivers(std::string_view bytes);

    [[nodiscard]] bool contains(DeviceNumber device) const;
    [[nodiscard]] std::uint64_t rows_skipped() const { return rows_skipped_; }

  private:
    struct Range {
        std::uint32_t major = 0;
        std::uint32_t first = 0;  ///< minors, both included
        std::uint32_t last = 0;
    };
    bool add_row(std::string_view row);

    std::vector<Range> ranges_;
    std::uint64_t rows_skipped_ = 0;
};

}  // namespace logfia
