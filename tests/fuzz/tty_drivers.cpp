// /proc/tty/drivers.

#include "fuzz.hpp"
#include <logfia/procfs/tty_drivers.hpp>

#include <algorithm>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(data, size);
    const TtyDrivers drivers(text);
    const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    require(drivers.rows_skipped() <= lines + 1, "no more rows are skipped than there are");
    require(drivers.contains({136, 0}), "a pseudo-terminal is one, whatever the file says");
    require(!TtyDrivers().contains({4, 64}), "a serial line is one where the file says so");
    return 0;
}
