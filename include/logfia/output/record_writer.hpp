#pragma once

#include <logfia/event/event.hpp>

#include <string>
#include <string_view>

namespace logfia {

/// Turns one Event into the bytes of one record, its newline included.
class RecordWriter {
  public:
    virtual ~RecordWriter() = default;

    /// Appends to `out`. `host` is the peer's host name with its last dot; empty: none is known.
    virtual void append(std::string& out, const Event& event, std::string_view host) = 0;
};

}  // namespace logfia
