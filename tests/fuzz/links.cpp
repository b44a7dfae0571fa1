// The text of a descriptor's link, and the name of a socket's protocol.

#include "fuzz.hpp"
#include <logfia/descriptor/describer.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <string>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view name = as_text(data, size);
    const FdType type = type_of_link(name);
    if (name.starts_with('/')) require(type == FdType::unknown, "a path tells no type");
    if (const auto inode = socket_inode(name)) {
        require(type == FdType::socket, "a socket's number is a socket's");
        require(name.find(std::to_string(*inode)) != name.npos, "the number stands there");
    }
    require(is_in(hint_of_protocol_name(name).type, FdGroup::socket), "a protocol is a socket's");
    is_renamed({name, {1, 2, 3}}, {std::string(name) + " (deleted)", {1, 2, std::nullopt}});
    return 0;
}
