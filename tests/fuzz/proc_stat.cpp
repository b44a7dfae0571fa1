// /proc/N/stat and /proc/N/status. A process gives itself any name: it comes back as it is.

#include "fuzz.hpp"
#include <logfia/procfs/proc_stat.hpp>

#include <string>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(data, size);
    require(!parse_proc_stat(text) || parse_run_state(text),
            "a row that tells all tells the state");
    parse_proc_status(text);
    const auto image = parse_program_image(text);
    require(!image || image->stack != 0, "a stack is somewhere");

    std::string row = "42 (";
    row += text;
    row += ") S 7 42 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 1234 0 0\n";
    const auto stat = parse_proc_stat(row);
    require(stat.has_value(), "a process of any name is one");
    require(stat->comm == text, "its name is what it gave itself");
    require(
        stat->state == 'S' && stat->parent == 7 && stat->threads == 3 && stat->start_time == 1234,
        "its name changes nothing else");
    require(parse_run_state(row) == RunState{'S', 3, 1234}, "nor does it hide the state");
    return 0;
}
