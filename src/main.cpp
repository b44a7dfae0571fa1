#include <logfia/app/options.hpp>
#include <logfia/app/run.hpp>
#include <logfia/process/signals.hpp>

#include <unistd.h>

#include <iostream>
#include <new>
#include <string_view>

namespace {

int main_with_memory(int argc, char** argv) {
    const auto inherited = logfia::set_up_signals();
    const auto parsed = logfia::parse_options(argc, argv, std::cout, std::cerr);
    if (const auto* status = std::get_if<logfia::ExitStatus>(&parsed)) {
        return static_cast<int>(*status);
    }
    return logfia::run(std::get<logfia::Options>(parsed), inherited);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return main_with_memory(argc, argv);
    } catch (const std::bad_alloc&) {
        constexpr std::string_view kWord = "logfia: there is not enough memory\n";
        [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, kWord.data(), kWord.size());
        return static_cast<int>(logfia::ExitStatus::failure);
    }
}
