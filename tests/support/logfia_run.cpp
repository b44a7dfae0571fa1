#include "support/logfia_run.hpp"

#include <algorithm>
#include <csignal>

namespace logfia::test {
namespace {

std::vector<std::string> command_line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LogfiaRun::program());
    return arguments;
}

}  // namespace

std::string LogfiaRun::program() {
    return environment_or("LOGFIA_EXECUTABLE", LOGFIA_EXECUTABLE);
}

LogfiaRun::LogfiaRun(std::vector<std::string> arguments, const ChildOptions& options)
    : child_(command_line(std::move(arguments)), options) {}

const Lines& LogfiaRun::lines() {
    const std::string_view text = child_.output();
    for (Lines fresh = complete_lines(text.substr(cut_)); std::string & line : fresh) {
        cut_ += line.size() + 1;
        lines_.push_back(std::move(line));
    }
    return lines_;
}

bool LogfiaRun::wait_for(const std::function<bool(const Lines&)>& done,
                         std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done(lines())) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (!child_.read_more(left)) return done(lines());
    }
    return true;
}

bool LogfiaRun::wait_for_line(std::string_view text, std::chrono::milliseconds patience) {
    return wait_for(
        [text](const Lines& lines) {
            return std::any_of(lines.begin(), lines.end(), [text](const std::string& line) {
                return line.find(text) != std::string::npos;
            });
        },
        patience);
}

bool LogfiaRun::wait_for_count(std::size_t count, std::chrono::milliseconds patience) {
    const auto is_loss = [](const std::string& line) {
        return line.find(" lost ") != line.npos || line.find("\"event\":\"lost\"") != line.npos;
    };
    return wait_for(
        [&](const Lines& lines) {
            const auto losses = std::count_if(lines.begin(), lines.end(), is_loss);
            return lines.size() >= count + static_cast<std::size_t>(losses);
        },
        patience);
}

int LogfiaRun::finish(std::chrono::milliseconds patience) {
    const auto status = child_.wait(patience);
    lines();
    return status.value_or(-1);
}

int LogfiaRun::interrupt(std::chrono::milliseconds patience) {
    child_.signal(SIGINT);
    return finish(patience);
}

std::vector<std::string> fields(std::string_view record) {
    std::vector<std::string> words;
    while (!record.empty()) {
        const auto end = record.find(' ');
        if (end != 0) words.emplace_back(record.substr(0, end));
        record.remove_prefix(end == std::string_view::npos ? record.size() : end + 1);
    }
    return words;
}

std::string without_time(std::string_view record) {
    const auto space = record.find(' ');
    return std::string(space == std::string_view::npos ? record : record.substr(space + 1));
}

}  // namespace logfia::test
