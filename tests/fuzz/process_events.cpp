// A datagram of the kernel's process connector.

#include "fuzz.hpp"
#include <logfia/process/process_connector.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<ProcessEvent> events;
    parse_process_events(std::as_bytes(std::span(data, size)), events);
    // The headers of netlink and of the connector, and the event's own.
    constexpr std::size_t kLeast = 16 + 20 + 16;
    require(events.size() <= size / kLeast, "none is made up");
    for (const ProcessEvent& event : events)
        require(event.kind == ProcessEvent::Kind::fork || event.parent == 0,
                "only who is born has a parent");
    return 0;
}
