#include <logfia/base/fields.hpp>
#include <logfia/procfs/proc_stat.hpp>

namespace logfia {
namespace {

// Fields are numbered as in proc_pid_stat(5); the state, 3, is the first after the name.
constexpr int kParent = 4;
constexpr int kFlags = 9;
constexpr int kThreads = 20;
constexpr int kStartTime = 22;

bool set_field(ProcStat& stat, int number, std::string_view text) {
    const auto set = [](auto& field, auto parsed) {
        if (parsed) field = *parsed;
        return parsed.has_value();
    };
    if (number == kParent) return set(stat.parent, parse_number<pid_t>(text));
    if (number == kFlags) return set(stat.flags, parse_number<std::uint32_t>(text));
    if (number == kThreads) return set(stat.threads, parse_number<int>(text));
    if (number == kStartTime) return set(stat.start_time, parse_number<std::uint64_t>(text));
    return !text.empty();
}

int count_numbers(std::string_view rest) {
    int count = 0;
    for (auto field = next_field(rest); !field.empty(); field = next_field(rest)) {
        if (!parse_number<int>(field)) return 0;
        ++count;
    }
    return count;
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view bytes) {
    // A name may hold spaces, newlines and parentheses; what follows it is letters and numbers.
    const auto open = bytes.find(" (");
    const auto close = bytes.rfind(") ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
        return std::nullopt;
    }
    if (!parse_number<int>(bytes.substr(0, open))) return std::nullopt;

    auto rest = bytes.substr(close + 1);
    const auto state = next_field(rest);
    if (state.size() != 1) return std::nullopt;
    ProcStat stat;
    stat.state = state.front();
    for (int number = 4; number <= kStartTime; ++number) {
        if (!set_field(stat, number, next_field(rest))) return std::nullopt;
    }
    if (rest.empty()) return std::nullopt;  // the last number may have been cut
    stat.comm = bytes.substr(open + 2, close - open - 2);
    return stat;
}

ProcStatus parse_proc_status(std::string_view bytes) {
    ProcStatus status;
    while (const auto line = next_line(bytes)) {
        auto rest = *line;
        const auto key = next_field(rest);
        if (key == "Tgid:") status.tgid = parse_number<int>(next_field(rest));
        if (key == "NSpid:") status.nspid_count = count_numbers(rest);
        if (key == "Uid:") {
            status.uid = parse_number<uid_t>(next_field(rest));
            status.euid = parse_number<uid_t>(next_field(rest));
        }
    }
    return status;
}

}  // namespace logfia
