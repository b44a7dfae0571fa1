#include "support/exact.hpp"

#include "support/faulty_kernel.hpp"
#include "support/fd_truth.hpp"

namespace logfia::test {

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
    options.insert(options.begin(), {LogfiaRun::program(), "-X", "-n", "-o", file_.path()});
    options.insert(options.end(), {"--", FdMaker::default_program()});
    maker_.emplace(options);
}

JsonRecord ExactMaker::next(std::string_view event, int fd) const {
    return file_.wait_for([&](const JsonRecord& record) {
        return record["event"] == event && record["fd"] == std::to_string(fd);
    });
}

}  // namespace logfia::test
