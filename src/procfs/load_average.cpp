#include <logfia/base/fields.hpp>
#include <logfia/procfs/load_average.hpp>

namespace logfia {

std::optional<int> parse_runnable(std::string_view bytes) {
    for (int average = 0; average < 3; ++average)
        if (next_field(bytes).empty()) return std::nullopt;
    const auto threads = next_field(bytes);
    const auto slash = threads.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    return parse_number<int>(threads.substr(0, slash));
}

}  // namespace logfia
