// /proc/N/fdinfo/FD of an object without a name: the first byte says of which type.

#include "fuzz.hpp"
#include <logfia/procfs/object_info.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr std::uint8_t kTypes = static_cast<std::uint8_t>(FdType::anon_inode) + 1;
    const auto type = static_cast<FdType>(data[0] % kTypes);
    const auto info = parse_object_info(type, as_text(data + 1, size - 1));
    if (!info) return 0;
    require(info->targets.size() <= ObjectInfo::kMaxTargets, "no more targets than can be told");
    require(info->targets.empty() || is_in(type, FdGroup::targets),
            "of this type nothing is watched");
    return 0;
}
