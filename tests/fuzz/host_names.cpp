// Names of PTR records, and the addresses of --dns-server.

#include "fuzz.hpp"
#include <logfia/net/dns_servers.hpp>
#include <logfia/net/host_name.hpp>

#include <algorithm>

using namespace logfia;
using namespace logfia::fuzz;

namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(data, size);
    const std::string name = checked_host_name(text);
    if (!name.empty()) {
        require(name.back() == '.' && name.size() >= 2 && name.size() <= 254, "its length");
        require(std::all_of(name.begin(), name.end(), is_plain), "nothing but plain letters");
        require(name.find("..") == name.npos && name.front() != '.', "no label is empty");
        require(checked_host_name(name) == name, "a good name stays as it is");
    }
    if (const auto servers = parse_dns_servers(text))
        require(!servers->empty(), "a list of servers has one");
    return 0;
}
