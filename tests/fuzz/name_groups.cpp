// Names that are alike: names of one group in the summary and in the leaks.

#include "fuzz.hpp"
#include <logfia/event/name_group.hpp>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view name = as_text(data, size);
    for (const Guessing guessing : {Guessing::off, Guessing::allowed}) {
        const std::string alike = without_random_parts(name, guessing);
        require(alike.size() <= name.size(), "a star stands for at least one byte");
        require(alike.find_first_of("0123456789") == alike.npos, "no digit is left");
    }
    return 0;
}
