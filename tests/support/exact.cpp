#include "support/exact.hpp"

#include "support/faulty_kernel.hpp"
#include "support/fd_truth.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace logfia::test {
namespace {

/// UTC, as records have it, without the offset.
std::string time_text(std::chrono::system_clock::time_point time) {
    const auto micros =
        std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
    const std::time_t seconds = micros / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       micros % 1'000'000);
}

}  // namespace

std::string unusual_errors(std::string errors) {
    const auto notice =
        errors.find("logfia: -X slows the command down more than it does on Linux ");
    if (notice != std::string::npos) errors.erase(notice, errors.find('\n', notice) + 1 - notice);
    return errors;
}

void ExactTest::SetUp() {
    static const std::string refusal = FaultyKernel::why_not();
    if (!refusal.empty()) GTEST_SKIP() << refusal;
}

std::vector<std::string> ExactTest::words(const std::vector<std::string>& options,
                                          const std::vector<std::string>& command) {
    std::vector<std::string> list{"-X", "-n"};
    list.insert(list.end(), options.begin(), options.end());
    list.emplace_back("--");
    list.insert(list.end(), command.begin(), command.end());
    return list;
}

std::vector<std::string> ExactTest::truth_command(const std::string& mode, int count) const {
    return {truth_program().path, mode, std::to_string(count), truth_path()};
}

ExactMaker::ExactMaker(std::vector<std::string> options) {
    options.insert(options.begin(),
                   {LogfiaRun::program(), "-X", "-n", "--utc", "-o", file_.path()});
    options.insert(options.end(), {"--", FdMaker::default_program()});
    maker_.emplace(options);
    begun_ = time_text(std::chrono::system_clock::now());
}

JsonRecord ExactMaker::next(std::string_view event, int fd) const {
    return file_.wait_for([&](const JsonRecord& record) {
        return record["event"] == event && record["fd"] == std::to_string(fd) &&
               record["time"] > begun_;
    });
}

}  // namespace logfia::test
