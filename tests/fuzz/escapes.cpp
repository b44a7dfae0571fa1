// Names of any bytes, separated by NUL: each record is one line that cannot play tricks on a
// terminal, and the bytes can be recovered from it.

#include "fuzz.hpp"
#include "support/any_bytes.hpp"

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::check_records(test::events_named(as_text(data, size)),
                        [](bool holds, const char* what) { require(holds, what); });
    return 0;
}
