#include <logfia/app/options.hpp>
#include <logfia/app/run.hpp>
#include <logfia/app/signals.hpp>

#include <iostream>

int main(int argc, char** argv) {
    const auto inherited = logfia::ignore_broken_writes();
    const auto parsed = logfia::parse_options(argc, argv, std::cout, std::cerr);
    if (const auto* status = std::get_if<logfia::ExitStatus>(&parsed)) {
        return static_cast<int>(*status);
    }
    return logfia::run(std::get<logfia::Options>(parsed), inherited);
}
