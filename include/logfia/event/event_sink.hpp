#pragma once

#include <logfia/event/event.hpp>
#include <logfia/event/notice_sink.hpp>

namespace logfia {

/// Takes what a source has noticed.
class EventSink : public NoticeSink {
  public:
    /// The records of one look come in the order in which they are to be written.
    virtual void accept(Event&& event) = 0;
};

}  // namespace logfia
