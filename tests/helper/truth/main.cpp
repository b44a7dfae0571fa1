// Usage: fd_truth MODE COUNT TRUTH

#include "modes.hpp"

#include <algorithm>
#include <cstdlib>

namespace {
constexpr long kFewNames = 40;
}

int main(int argc, char** argv) {
    if (argc != 4) fd_truth::die("usage: fd_truth MODE COUNT TRUTH");
    fd_truth::open_truth(argv[3]);
    const std::string_view wanted = argv[1];
    const long count = std::atol(argv[2]);
    for (const auto family :
         {fd_truth::file_modes, fd_truth::socket_modes, fd_truth::number_modes,
          fd_truth::object_modes, fd_truth::process_modes, fd_truth::ending_modes,
          fd_truth::thread_modes, fd_truth::uring_modes}) {
        for (const fd_truth::Mode& mode : family()) {
            if (mode.name != wanted) continue;
            fd_truth::make_files(std::clamp(count / 2, kFewNames, mode.most_names));
            fd_truth::mark("begin");
            mode.run(count);
            fd_truth::end_with_open(0);
        }
    }
    fd_truth::die("no such mode");
}
