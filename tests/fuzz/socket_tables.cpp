// A row of /proc/N/net/*: the first byte says of which table; and one of if_inet6.

#include "fuzz.hpp"
#include <logfia/procfs/socket_table.hpp>
#include <logfia/socket/link_zones.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto table = static_cast<SocketTable>(data[0] % kSocketTableCount);
    const std::string_view row = as_text(data + 1, size - 1);
    if (const auto link = parse_link_address(row))
        require(!zone_text(link->name, link->index).empty(), "an interface has a name or a number");
    const auto parsed = parse_socket_row(table, row);
    if (!parsed) return 0;
    require(inode_of_row(table, row) == parsed->inode, "both readings find the same inode");
    require(parsed->info.path.size() <= row.size(), "a path is a part of its row");
    if (is_in(type_of(table), FdGroup::internet))
        require(parsed->info.local.has_value(), "it has an address");
    return 0;
}
