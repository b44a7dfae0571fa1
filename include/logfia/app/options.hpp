#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/base/clock.hpp>
#include <logfia/event/address.hpp>
#include <logfia/event/filter.hpp>
#include <logfia/output/time_style.hpp>

#include <sys/types.h>

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
    after,  ///< after them, on standard error
};

/// The command line, understood and checked.
struct Options {
    std::vector<pid_t> pids;           ///< each once, in the order given
    std::vector<std::string> command;  ///< to be started; empty: none
    std::vector<std::string> names;    ///< shell patterns on the names of commands
    std::optional<uid_t> user;
    bool all = false;
    bool follow = false;
    /// 0: back to back. Resolved: 1 ms with a command.
    Duration interval = std::chrono::milliseconds(100);
    FilterOptions filter;
    bool json = false;
    bool numeric = false;
    bool no_dup = false;
    bool once = false;
    bool quiet = false;
    bool long_format = false;  ///< resolved: `--long`, or more than one process
    std::optional<Duration> duration;
    std::optional<std::uint64_t> count;
    std::string output;  ///< empty: standard output
    TimeStyle time = TimeStyle::iso;
    ColorWhen color = ColorWhen::automatic;
    SummaryWhen summary = SummaryWhen::never;
    bool leaks = false;
    std::uint64_t leak_min = 2;
    Duration dns_wait{};                ///< resolved: 250 ms, or 2 s with `--once`
    std::vector<Endpoint> dns_servers;  ///< empty: the system's
    std::string proc = "/proc";
};

/// Options; or, when there is nothing left to do (help, version, a usage error that was explained
/// on `err`), the status to exit with.
std::variant<Options, ExitStatus> parse_options(int argc, const char* const* argv,
                                                std::ostream& out, std::ostream& err);

/// `100` (of the unit `bare`), `250us`, `10ms`, `2s`, `5m`, `1h`, also with a decimal point. Absent
/// when it is no time, or longer than a year.
enum class BareUnit { milliseconds, seconds };
std::optional<Duration> parse_time(const std::string& text, BareUnit bare);

}  // namespace logfia
