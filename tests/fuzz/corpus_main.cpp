// Replaces libFuzzer where there is none: runs each file of the corpus once, and each beginning of
// a short one.

#include "fuzz.hpp"

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

constexpr std::size_t kShort = 2048;

void feed(const std::string& bytes) {
    // A copy of exactly that size, so that a sanitizer notices reads beyond its end.
    const auto try_one = [](std::string_view piece) {
        const std::string copy(piece);
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(copy.data()), copy.size());
    };
    try_one(bytes);
    for (std::size_t length = 0; bytes.size() <= kShort && length < bytes.size(); ++length)
        try_one(std::string_view(bytes).substr(0, length));
}

std::size_t feed_directory(const char* path) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        std::ifstream file(entry.path(), std::ios::binary);
        feed(std::string(std::istreambuf_iterator<char>(file), {}));
        ++count;
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) try {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) count += feed_directory(argv[i]);
    std::printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
