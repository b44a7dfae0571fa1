#include "support/watching.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>

namespace logfia::test {
namespace {

#ifdef SYS_epoll_pwait2
constexpr long kEpollPwait2 = SYS_epoll_pwait2;
#else
constexpr long kEpollPwait2 = -1;
#endif

std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    return bytes;
}

std::string all_of(LogfiaRun& run) {
    std::string text = "standard output:\n";
    for (const std::string& line : run.lines()) text += line + '\n';
    return text + "standard error:\n" + run.errors();
}

long sleeps_of(pid_t pid) {
    const std::string count = status_line(pid, "voluntary_ctxt_switches");
    return count.empty() ? -1 : std::stol(count);
}

/// False while it runs, or sleeps elsewhere: a look that hands a question over to another thread
/// sleeps as well. True where the kernel does not tell.
bool sleeps_in_its_loop(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/syscall");  // proc_pid_syscall(5)
    std::string call;
    if (!(file >> call)) return true;
    for (const long wait : {long{SYS_ppoll}, long{SYS_epoll_pwait}, kEpollPwait2})
        if (call == std::to_string(wait)) return true;
    return false;
}

/// The sleep of the loop that it is in; none: it is in none.
std::optional<long> sleep_of(pid_t pid) {
    const long sleeps = sleeps_of(pid);
    const bool in_its_loop = sleeps_in_its_loop(pid);
    return in_its_loop && sleeps_of(pid) == sleeps ? std::optional(sleeps) : std::nullopt;
}

}  // namespace

JsonRecord::JsonRecord(std::string_view line) {
    auto members = parse_json_object(line);
    if (!members) throw std::runtime_error("no JSON object: " + std::string(line));
    members_ = std::move(*members);
}

bool JsonRecord::has(std::string_view key) const {
    return std::any_of(members_.begin(), members_.end(),
                       [key](const auto& member) { return member.first == key; });
}

std::string JsonRecord::operator[](std::string_view key) const {
    for (const auto& [name, value] : members_) {
        if (name != key) continue;
        if (!value.starts_with('"')) return value;
        const auto decoded = parse_json_string(value);
        if (!decoded) throw std::runtime_error("no JSON string: " + value);
        return *decoded;
    }
    return {};
}

std::string JsonRecord::bytes(std::string_view key) const {
    const std::string hex_key = std::string(key) + "_hex";
    return has(hex_key) ? from_hex((*this)[hex_key]) : (*this)[key];
}

std::string JsonRecord::summary() const {
    const JsonRecord& self = *this;
    return self["event"] + ' ' + self["fd"] + ' ' + self["name"];
}

JsonRecords json_records(LogfiaRun& run) {
    JsonRecords records;
    for (const std::string& line : run.lines()) records.emplace_back(line);
    return records;
}

JsonRecord RecordStream::next(const std::function<bool(const JsonRecord&)>& fits) {
    std::optional<JsonRecord> found;
    const auto search = [&](const Lines& lines) {
        while (!found && at_ < lines.size())
            if (JsonRecord record(lines[at_++]); fits(record)) found = std::move(record);
        return found.has_value();
    };
    if (!run_.wait_for(search))
        throw std::runtime_error("the record did not come; " + all_of(run_));
    return *found;
}

JsonRecord RecordStream::next(std::string_view event, int fd) {
    return next([&](const JsonRecord& record) {
        return record["event"] == event && record["fd"] == std::to_string(fd);
    });
}

JsonRecord RecordStream::next(std::string_view event, int fd, std::string_view name) {
    return next([&](const JsonRecord& record) {
        return record["event"] == event && record["fd"] == std::to_string(fd) &&
               record["name"] == name;
    });
}

JsonRecord RecordStream::next(std::string_view event) {
    return next([&](const JsonRecord& record) { return record["event"] == event; });
}

JsonRecords only(const JsonRecords& records, std::string_view event) {
    JsonRecords chosen;
    std::copy_if(records.begin(), records.end(), std::back_inserter(chosen),
                 [event](const JsonRecord& record) { return record["event"] == event; });
    return chosen;
}

JsonRecords without_lost(const JsonRecords& records) {
    JsonRecords chosen;
    std::copy_if(records.begin(), records.end(), std::back_inserter(chosen),
                 [](const JsonRecord& record) { return record["event"] != "lost"; });
    return chosen;
}

std::vector<std::string> summaries(const JsonRecords& records) {
    std::vector<std::string> list;
    for (const JsonRecord& record : records) list.push_back(record.summary());
    return list;
}

Lines plain(const Lines& lines) {
    Lines list;
    for (const std::string& line : lines)
        if (std::string text = without_time(line); !text.starts_with("lost "))
            list.push_back(std::move(text));
    return list;
}

std::vector<std::string> watch_arguments(const FdMaker& maker, std::vector<std::string> more) {
    more.insert(more.begin(), "-n");
    more.push_back(maker.pid_text());
    return more;
}

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

std::string status_line(pid_t pid, std::string_view key) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with(key) || line.substr(key.size(), 1) != ":") continue;
        const auto value = line.find_first_not_of(" \t", key.size() + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return {};
}

bool comes_to_sleep(pid_t pid) {
    return eventually([pid] { return status_line(pid, "State").starts_with('S'); });
}

bool wait_for_looks(const LogfiaRun& run, long looks) {
    // Between two sleeps that are seen there has been at least one look.
    std::optional<long> last;
    long seen = 0;
    return eventually([&] {
        const auto sleep = sleep_of(run.pid());
        if (sleep && sleep != last) {
            last = sleep;
            ++seen;
        }
        return seen > looks;
    });
}

Standstill::Standstill(LogfiaRun& run) : run_(run) {
    run_.child().signal(SIGSTOP);
    if (!eventually([&] { return status_line(run_.pid(), "State").starts_with('T'); }))
        throw std::runtime_error("logfia did not stop");
}

Standstill::~Standstill() {
    run_.child().signal(SIGCONT);
}

Outcome outcome_of(const std::vector<std::string>& arguments, const ChildOptions& options) {
    LogfiaRun run(arguments, options);
    const int status = run.finish();
    return {status, run.lines(), run.errors()};
}

Outcome outcome_of_script(const std::string& script, const ChildOptions& options) {
    Child shell({"/bin/sh", "-c", script, LogfiaRun::program()}, options);
    const int status = shell.wait().value_or(-1);
    return {status, complete_lines(shell.output()), shell.errors()};
}

}  // namespace logfia::test
