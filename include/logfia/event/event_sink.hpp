#pragma once

#include <logfia/event/event.hpp>

#include <string_view>

namespace logfia {

/// Where a source hands over what it noticed.
class EventSink {
  public:
    virtual ~EventSink() = default;

    /// The records of one look come in the order in which they are to be written.
    virtual void accept(Event event) = 0;
    /// What a person should know and no record says: one line, for standard error.
    virtual void notice(std::string_view line) = 0;
};

}  // namespace logfia
