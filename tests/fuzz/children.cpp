// /proc/N/task/T/children.

#include "fuzz.hpp"
#include <logfia/procfs/children.hpp>

#include <algorithm>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(data, size);
    std::vector<pid_t> whole;
    parse_children(text, whole);
    require(whole.size() <= size / 2, "each takes a digit and a space");
    require(std::all_of(whole.begin(), whole.end(), [](pid_t pid) { return pid > 0; }),
            "they are processes");
    std::vector<pid_t> half;
    parse_children(text.substr(0, size / 2), half);
    require(half.size() <= whole.size() && std::equal(half.begin(), half.end(), whole.begin()),
            "a cut file tells the beginning of them");
    return 0;
}
