#include <logfia/base/fields.hpp>
#include <logfia/procfs/proc_stat.hpp>

namespace logfia {
namespace {

// Fields are numbered as in proc_pid_stat(5); the state, 3, is the first after the name.
constexpr int kParent = 4;
constexpr int kFlags = 9;
constexpr int kThreads = 20;
constexpr int kStack = 28;
constexpr int kArguments = 48;
constexpr int kStartTime = 22;

/// A row of `/proc/N/stat`: a name may hold spaces, newlines and parentheses; what follows it is
/// letters and numbers.
struct Row {
    std::string_view name;
    char state = '?';
    std::string_view rest;  // from the 4th field on
};

std::optional<Row> split(std::string_view bytes) {
    const auto open = bytes.find(" (");
    const auto close = bytes.rfind(") ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
        return std::nullopt;
    }
    if (!parse_number<int>(bytes.substr(0, open))) return std::nullopt;
    Row row{bytes.substr(open + 2, close - open - 2), '?', bytes.substr(close + 1)};
    const auto state = next_field(row.rest);
    if (state.size() != 1) return std::nullopt;
    row.state = state.front();
    return row;
}

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
    auto row = split(bytes);
    if (!row) return std::nullopt;
    ProcStat stat;
    stat.state = row->state;
    for (int number = 4; number <= kStartTime; ++number) {
        if (!set_field(stat, number, next_field(row->rest))) return std::nullopt;
    }
    if (row->rest.empty()) return std::nullopt;  // the last number may have been cut
    stat.comm = row->name;
    return stat;
}

std::optional<RunState> parse_run_state(std::string_view bytes) {
    auto row = split(bytes);
    if (!row) return std::nullopt;
    std::optional<int> threads;
    std::optional<std::uint64_t> start_time;
    for (int number = 4; number <= kStartTime; ++number) {
        const auto field = next_field(row->rest);
        if (number == kThreads) threads = parse_number<int>(field);
        if (number == kStartTime) start_time = parse_number<std::uint64_t>(field);
    }
    if (!threads || !start_time || row->rest.empty()) return std::nullopt;
    return RunState{row->state, *threads, *start_time};
}

std::optional<ProgramImage> parse_program_image(std::string_view bytes) {
    auto row = split(bytes);
    if (!row) return std::nullopt;
    ProgramImage image;
    for (int number = 4; number <= kArguments; ++number) {
        const auto value = parse_number<std::uint64_t>(next_field(row->rest));
        if (number == kStack) image.stack = value.value_or(0);
        if (number == kArguments) image.arguments = value.value_or(0);
    }
    const bool is_whole = !row->rest.empty();
    return is_whole && image.stack != 0 ? std::optional(image) : std::nullopt;
}

ProcStatus parse_proc_status(std::string_view bytes) {
    ProcStatus status;
    while (const auto line = next_line(bytes)) {
        auto rest = *line;
        const auto key = next_field(rest);
        if (key == "Tgid:") status.tgid = parse_number<int>(next_field(rest));
        if (key == "PPid:") status.parent = parse_number<int>(next_field(rest));
        if (key == "NSpid:") status.nspid_count = count_numbers(rest);
        if (key == "Uid:") {
            status.uid = parse_number<uid_t>(next_field(rest));
            status.euid = parse_number<uid_t>(next_field(rest));
        }
    }
    return status;
}

}  // namespace logfia
