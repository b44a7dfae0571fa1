// Words parted by newlines: a command line is understood, or refused with status 2 and a reason.

#include "fuzz.hpp"
#include <logfia/app/options.hpp>
#include <logfia/base/escape.hpp>

#include <sstream>

using namespace logfia;
using namespace logfia::fuzz;

namespace {

constexpr std::size_t kMostWords = 64;

/// True when every line begins with `logfia: ` and is fully escaped.
bool is_safe(std::string_view messages) {
    while (!messages.empty()) {
        std::string_view line = take_part(messages, '\n');
        if (!line.starts_with("logfia: ")) return false;
        for (; !line.empty(); line.remove_prefix(decode_utf8(line)->length))
            if (const auto character = decode_utf8(line);
                !character || is_unsafe(character->code_point))
                return false;
    }
    return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = as_text(data, size);
    std::vector<std::string> words{"logfia"};
    // A word is a C string: it ends at a NUL.
    while (!rest.empty() && words.size() < kMostWords) {
        std::string_view line = take_part(rest, '\n');
        words.emplace_back(take_part(line, '\0'));
    }
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    argv.push_back(nullptr);
    std::ostringstream out;
    std::ostringstream err;
    const auto parsed = parse_options(static_cast<int>(words.size()), argv.data(), out, err);
    if (const auto* status = std::get_if<ExitStatus>(&parsed)) {
        require(*status == ExitStatus::success || *status == ExitStatus::usage, "its status");
        require((*status == ExitStatus::usage) == !err.str().empty(), "a refusal says why");
        require(is_safe(err.str()), "no word reaches the terminal as it is");
        require((*status == ExitStatus::success) == !out.str().empty(),
                "help and version are told");
        return 0;
    }
    const auto& options = std::get<Options>(parsed);
    require(options.poller.interval.duration() >= Duration::zero(), "time does not go back");
    require(
        !options.processes.pids.empty() || !options.command.empty() || options.processes.by_name(),
        "there is something to watch");
    return 0;
}
