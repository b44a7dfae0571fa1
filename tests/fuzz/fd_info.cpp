// /proc/N/fdinfo/FD and /proc/N/limits: whatever the beginning of a text tells, the whole text
// tells too.

#include "fuzz.hpp"
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/fd_limit.hpp>

using namespace logfia;
using namespace logfia::fuzz;

namespace {

template <class Value>
bool agrees(const std::optional<Value>& beginning, const std::optional<Value>& whole) {
    return !beginning || beginning == whole;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(data, size);
    const FdInfo whole = parse_fd_info(text);
    const FdInfo half = parse_fd_info(text.substr(0, size / 2));
    require(agrees(half.pos, whole.pos) && agrees(half.flags, whole.flags) &&
                agrees(half.mount_id, whole.mount_id) && agrees(half.inode, whole.inode),
            "a cut file tells nothing else");
    if (whole.flags) access_of(*whole.flags);
    parse_fd_limit(text);
    return 0;
}
