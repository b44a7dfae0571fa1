#include <logfia/base/fields.hpp>
#include <logfia/procfs/fd_limit.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <array>

namespace logfia {

std::optional<std::uint64_t> parse_fd_limit(std::string_view bytes) {
    constexpr std::string_view kName = "Max open files ";
    while (auto line = next_line(bytes)) {
        if (!line->starts_with(kName)) continue;
        line->remove_prefix(kName.size());
        return parse_number<std::uint64_t>(next_field(*line));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> read_fd_limit(int process_dir) {
    std::array<char, 4096> buffer;
    return parse_fd_limit(read_piece(process_dir, "limits", buffer));
}

}  // namespace logfia
