#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/event.hpp>
#include <logfia/event/source.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

/// Counts over the whole watch, told at its end.
struct RunTotals {
    SourceTotals sources;           ///< of all sources together
    std::uint64_t names_asked = 0;  ///< addresses that a name was looked up for
    std::uint64_t names_found = 0;
    std::uint64_t records = 0;  ///< without `lost`
};

/// Turns each Event into a record, or gathers what is reported at the end. Everything is appended
/// to `out`, as whole lines with their newlines.
class RecordWriter {
  public:
    virtual ~RecordWriter() = default;

    /// Before the first record.
    virtual void begin(std::string&) {}
    /// `host` is the peer's host name with its last dot; empty: none is known.
    virtual void append(std::string& out, const Event& event, std::string_view host) = 0;
    /// After the last record.
    virtual void finish(std::string&, const RunTotals&, Now) {}
    /// Something was found that makes the exit status 3; good once finish() was called.
    [[nodiscard]] virtual bool has_findings() const { return false; }
};

}  // namespace logfia
