// A file of procfs through a small buffer (the first byte: how small): the lines that fit, in
// order.

#include "fuzz.hpp"
#include <logfia/base/line_reader.hpp>
#include <logfia/base/unique_fd.hpp>

#include <sys/mman.h>
#include <unistd.h>

using namespace logfia;
using namespace logfia::fuzz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t room = std::size_t{1} + data[0];
    std::string_view rest = as_text(data + 1, size - 1);
    const UniqueFd file(memfd_create("lines", MFD_CLOEXEC));
    if (!file || write(file.get(), rest.data(), rest.size()) < 0) return 0;
    lseek(file.get(), 0, SEEK_SET);
    LineReader reader(room);
    reader.start(file.get());
    std::uint64_t dropped = 0;
    while (rest.find('\n') != rest.npos) {
        const std::string_view line = take_part(rest, '\n');
        if (line.size() >= room) {
            ++dropped;
            continue;
        }
        const auto got = reader.next();
        require(got && *got == line, "a line that fits is handed out");
    }
    require(!reader.next(), "nothing is made up");
    require(reader.dropped() == dropped + (rest.empty() ? 0 : 1), "what is dropped is counted");
    require(!reader.failed(), "a file can be read");
    return 0;
}
