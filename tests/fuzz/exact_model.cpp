// Threads of a command do anything, in any order: all of it is told, as it was.

#include "fuzz.hpp"
#include "support/model_run.hpp"

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto wrong = test::run_bytes(data, size);
    for (const auto& line : wrong) std::fprintf(stderr, "%s\n", line.c_str());
    require(wrong.empty(), "the model tells the truth");
    return 0;
}
