#pragma once

#include <logfia/output/time_style.hpp>

#include <cstdint>

namespace logfia {

enum class ReportFormat : std::uint8_t {
    text,  ///< a table for a person
    json,  ///< an object on one line
};

/// How a report is written at the end.
struct ReportOptions {
    ReportFormat format = ReportFormat::text;
    TimeColumn time;
    /// Lines of text are cut to the width of this descriptor's terminal; no limit when it is -1 or
    /// no terminal.
    int terminal = -1;
};

}  // namespace logfia
