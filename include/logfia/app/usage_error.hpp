#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace logfia {

/// The command line is wrong: what, where, and what to write instead. Caught by parse_options().
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void throw_usage_error(fmt::format_string<Args...> format, Args&&... args) {
    throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace logfia
