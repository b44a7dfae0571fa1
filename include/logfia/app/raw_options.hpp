#pragma once

#include <logfia/app/options.hpp>

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace logfia {

/// The command line is wrong: what, where, and what to write instead.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
    throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

/// What stands on the command line, before it is understood.
struct RawOptions {
    std::vector<std::string> words;
    std::optional<std::vector<std::string>> command;  ///< what follows `--`
    std::vector<std::string> pid_lists;
    std::vector<std::string> names;
    std::optional<std::string> user;
    std::vector<std::string> types;
    std::vector<std::string> events;
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    std::optional<std::string> output;
    std::optional<std::string> interval;
    std::optional<std::string> duration;
    std::optional<std::string> count;
    std::optional<std::string> dns_wait;
    std::optional<std::string> dns_servers;
    std::optional<std::string> leak_min;
    std::string time = "iso";
    std::string color = "auto";
    std::string proc = "/proc";
    bool all = false;
    bool follow = false;
    bool real_files = false;
    bool json = false;
    bool numeric = false;
    bool no_dup = false;
    bool once = false;
    bool quiet = false;
    bool long_format = false;
    bool no_long = false;
    bool no_initial = false;
    bool summary = false;
    bool summary_only = false;
    bool leaks = false;
    bool version = false;
};

/// Throws UsageError when it makes no sense.
Options understand(const RawOptions& raw);

}  // namespace logfia
