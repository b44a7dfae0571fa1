// The kernel's notice that a TCP socket has ceased to exist: a netlink message.

#include "fuzz.hpp"
#include <logfia/socket/socket_end_notices.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = as_text(data, size);
    const bool whole = parse_socket_end({bytes.data(), bytes.size()}).has_value();
    require(!whole || size > 16, "a message has a header");
    return 0;
}
