#include <logfia/descriptor/link_text.hpp>

#include <charconv>

namespace logfia {

std::optional<std::uint64_t> socket_inode(std::string_view name) {
    return name.starts_with("socket:[") ? bracketed_number(name) : std::nullopt;
}

std::optional<std::uint64_t> bracketed_number(std::string_view text) {
    const auto colon = text.find(":[");
    if (text.starts_with('/') || colon == std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 2);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || std::string_view(end, text.data() + text.size()) != "]")
        return std::nullopt;
    return number;
}

}  // namespace logfia
