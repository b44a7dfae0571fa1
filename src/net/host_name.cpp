#include <logfia/net/host_name.hpp>

#include <algorithm>

namespace logfia {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035, without the last dot

// Not isalnum(3): what is a letter must not depend on the locale.
bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

}  // namespace

std::string checked_host_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > kLongestName) return {};
    if (text.front() == '.' || text.back() == '.') return {};
    if (text.find("..") != std::string_view::npos) return {};
    if (!std::all_of(text.begin(), text.end(), is_host_character)) return {};
    std::string name(text);
    name += '.';
    return name;
}

}  // namespace logfia
