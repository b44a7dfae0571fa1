// /proc/N/mountinfo, whole and by rows.

#include "fuzz.hpp"
#include <logfia/procfs/mount_table.hpp>

#include <sys/mman.h>
#include <unistd.h>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    UniqueFd file(memfd_create("mountinfo", MFD_CLOEXEC));
    if (!file || write(file.get(), data, size) < 0) return 0;
    MountTable table(std::move(file));
    table.refresh();

    std::string_view rest = as_text(data, size);
    while (rest.find('\n') != std::string_view::npos) {
        const auto entry = parse_mount_row(take_part(rest, '\n'));
        if (!entry) continue;
        require(entry->id >= 0, "ids are no negative numbers");
        const MountEntry found = table.find(entry->id);
        require(found.id == entry->id, "what is asked for is found");
        require(found.kind != MountKind::unlisted, "what is in the file is in the table");
    }
    return 0;
}
