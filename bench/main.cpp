// Measures logfia against the least that the kernel asks for, side by side in one run, and prints
// ratios.

#include "benches.hpp"
#include "target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    using namespace logfia::bench;
    struct Bench {
        std::string_view name;
        void (*run)(Length);
    };
    constexpr Bench kBenches[] = {
        {"first", bench_first},     {"look", bench_look},   {"idle", bench_idle},
        {"capture", bench_capture}, {"gate", bench_gate},   {"sockets", bench_sockets},
        {"many", bench_many},       {"exact", bench_exact}, {"reader", bench_reader}};

    const bool brief = argc > 1 && std::string_view(argv[1]) == "--brief";
    const int first = brief ? 2 : 1;
    const auto asked_for = [&](std::string_view name) {
        return argc == first ||
               std::any_of(argv + first, argv + argc, [&](auto word) { return name == word; });
    };
    for (int i = first; i < argc; ++i) {
        if (std::none_of(std::begin(kBenches), std::end(kBenches),
                         [&](const Bench& bench) { return bench.name == argv[i]; })) {
            fmt::print(stderr,
                       "usage: {} [--brief] [first] [look] [idle] [capture] [gate] [sockets] "
                       "[many] [exact] [reader]\n",
                       argv[0]);
            return 2;
        }
    }
    fmt::print("limit of open files: {}\n", raise_file_limit());
    for (const Bench& bench : kBenches) {
        if (!asked_for(bench.name)) continue;
        fmt::print("\n");
        bench.run(brief ? Length::brief : Length::full);
        std::fflush(stdout);
    }
    return 0;
}
