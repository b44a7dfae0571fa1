// Names that are alike: names of one group in the summary and in the leaks.

#include "fuzz.hpp"
#include <logfia/event/name_group.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view name = as_text(data, size);
    const std::string alike = without_digits(name);
    require(alike.size() <= name.size(), "a star stands for at least one byte");
    require(alike.find_first_of("0123456789") == alike.npos, "no digit is left");
    require(without_digits(alike) == alike, "once is enough");
    require(without_random_parts(name).size() <= name.size(),
            "a star stands for at least one byte");
    return 0;
}
