#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/base/clock.hpp>
#include <logfia/event/address.hpp>
#include <logfia/event/filter.hpp>
#include <logfia/output/time_style.hpp>
#include <logfia/process/process_set.hpp>
#include <logfia/source/poll/poller.hpp>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

namespace logfia {

enum class ColorWhen { automatic, always, never };
enum class SummaryWhen {
    never,
    only,   ///< instead of the records, where they would go
    after,  ///< after the records, on standard error
};

/// The command line, parsed and checked. An option is parsed into the part that needs it.
struct Options {
    WantedProcesses processes;
    std::vector<std::string> command;  ///< to be started; empty: none
    bool exact = false;                ///< `-X`: the kernel tells each change of the command's
    PollerOptions poller;              ///< `--interval` is its interval, `--once` its single look
    FilterOptions filter;
    bool json = false;
    bool numeric = false;
    bool quiet = false;
    bool long_format = false;
    std::optional<Duration> duration;
    std::optional<std::uint64_t> count;
    std::string output;  ///< empty: standard output
    TimeStyle time = TimeStyle::iso;
    Zone zone = Zone::local;
    ColorWhen color = ColorWhen::automatic;
    SummaryWhen summary = SummaryWhen::never;
    bool leaks = false;
    std::uint64_t leak_min = 10;
    Duration dns_wait = std::chrono::milliseconds(250);
    std::vector<Endpoint> dns_servers;  ///< empty: the system's
    std::string proc = "/proc";
};

/// Options; or, when there is nothing left to do (help, version, a usage error that was explained
/// on `err`), the status to exit with.
std::variant<Options, ExitStatus> parse_options(int argc, const char* const* argv,
                                                std::ostream& out, std::ostream& err);

}  // namespace logfia
