// PATTERN, NUL, NAME: the pattern is the user's, the name a stranger's.

#include "fuzz.hpp"
#include "support/event_parts.hpp"
#include <logfia/event/glob.hpp>

#include <memory>
#include <string>

using namespace logfia;
using namespace logfia::fuzz;
using test::fd_of;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = as_text(data, size);
    const std::string pattern(take_part(rest, '\0'));
    Event event;
    event.kind = EventKind::rename;
    event.change.emplace<DescriptorChange>();
    fd_of(event).descriptor.name = take_part(rest, '\0');  // the kernel's names have none
    fd_of(event).old_name = fd_of(event).descriptor.name + " (deleted)";
    SocketInfo socket;
    socket.path = fd_of(event).descriptor.name;
    test::fd_of(event).descriptor.socket = std::make_shared<const SocketInfo>(socket);
    const Glob glob(pattern);
    const bool matched = glob.matches(event);
    const bool host_matched = glob.matches_host(fd_of(event).descriptor.name);
    require(!host_matched || glob.may_match_host(), "what cannot match does not");
    require(Glob("*").matches(event), "a star is everything");
    if (pattern.find_first_of("*?[\\") == pattern.npos && pattern == fd_of(event).descriptor.name)
        require(matched, "a plain name is itself");
    return 0;
}
