// Exact: what is told of a command is what its truth says (tests/helper/truth), descriptor by
// descriptor. FD_TRUTH_COUNT in the environment makes each run as large as one likes:
//     FD_TRUTH_COUNT=100000 logfia_e2e --gtest_filter='*ExactTruth*/files'

#include "support/exact.hpp"
#include "support/faulty_kernel.hpp"
#include "support/fd_truth.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>

namespace logfia::test {
namespace {

using testing::IsEmpty;

struct TruthCase {
    const char* mode;
    int count;
    Leeway leeway{};
};

enum class Who { self, ordinary };

struct TruthRun {
    TruthCase of;
    TruthProgram program;
    Who who = Who::self;
};

void PrintTo(const TruthRun& run, std::ostream* out) {
    *out << run.program.name << ' ' << run.of.mode << ' ' << run.of.count;
}

constexpr auto kMinutes = std::chrono::minutes(10);

int count_of(const TruthCase& which) {
    return std::atoi(environment_or("FD_TRUTH_COUNT", std::to_string(which.count).c_str()).c_str());
}

class ExactTruth : public testing::TestWithParam<TruthRun> {
  protected:
    void SetUp() override {
        static const std::string refusal = FaultyKernel::why_not();
        if (!refusal.empty()) GTEST_SKIP() << refusal;
        if (GetParam().program.path.empty())
            GTEST_SKIP() << GetParam().program.name << " could not be built here";
        if (GetParam().who == Who::ordinary && geteuid() != 0)
            GTEST_SKIP() << "we are an ordinary user: the same as without";
        directory_.open_to_all();
        // Where the build is, another user may have no business.
        std::filesystem::copy_file(GetParam().program.path, program_);
    }
    static bool is_ordinary() { return geteuid() != 0 || GetParam().who == Who::ordinary; }
    int run() {
        const ChildOptions options{.run_as = GetParam().who == Who::ordinary ? RunAs::nobody
                                                                             : RunAs::self};
        LogfiaRun run(
            {"-X", "-f", "-j", "-n", "--utc", "-o", records_.path(), "--", program_,
             GetParam().of.mode, std::to_string(count_of(GetParam().of)), directory_.path("truth")},
            options);
        const int status = run.finish(kMinutes);
        errors_ = run.errors();
        return status;
    }

    TempDir directory_;
    std::string program_ = directory_.path("fd_truth");
    RecordFile records_{directory_.path("records")};
    std::string errors_;
};

std::string first_of(std::vector<std::string> faults) {
    constexpr std::size_t kMost = 8;
    std::string text = std::to_string(faults.size()) + " faults";
    faults.resize(std::min(faults.size(), kMost));
    for (const std::string& fault : faults) text += "\n  " + fault;
    return text;
}

TEST_P(ExactTruth, IsTold) {
    ASSERT_EQ(run(), 0) << errors_;
    EXPECT_EQ(unusual_errors(errors_), "");
    const JsonRecords records = records_.all();
    const Truth truth = read_truth(directory_.path("truth"));
    Leeway leeway = GetParam().of.leeway;
    leeway.any_name = leeway.any_name && is_ordinary();
    const auto faults = compare(truth, records, leeway);
    EXPECT_TRUE(faults.empty()) << first_of(faults);
    leeway.missing = 0;
    const bool all_told = compare(truth, records, leeway).empty();
    EXPECT_EQ(only(records, "lost").empty(), all_told && !leeway.any_name);
}

/// In the order of the modes in tests/helper/truth.
const std::vector<TruthCase> kAll{
    {"files", 600},
    {"one-number", 500},
    {"pipes", 100},
    {"fails", 5},
    {"unlinked", 20},
    {"undumpable", 20, {.any_name = true}},
    {"interrupted", 500},
    {"restarted", 500},
    {"pairs", 50},
    {"tcp", 20},
    {"udp", 50},
    {"scm", 20},
    {"fifo", 4},
    {"accept-blocks", 3},
    {"dups", 30},
    {"ranges", 20},
    {"objects", 2},
    {"cloexec", 4},
    {"forks", 10},
    {"vforks", 10},
    {"clone-files", 100, {.any_pid = true, .racing = true}},
    {"clone-pidfd", 10},
    {"exit-open", 50},
    {"killed", 20, {.missing = 1}},
    {"threads", 300, {.racing = true}},
    {"threads-same", 300, {.racing = true}},
    {"threads-differ", 200, {.racing = true}},
    {"threads-in-turn", 50},
    {"threads-wait", 3, {.racing = true}},
    {"threads-sleep", 3},
    {"unshare", 100, {.several_tables = true}},
    {"exec-from-thread", 3},
    {"thread-exits-first", 100, {.racing = true}},
    {"brief-threads", 50},
};

/// Calls that differ in other programs.
bool is_worth_repeating(const std::string& mode) {
    const std::vector<std::string> some{"files",  "pipes",   "tcp",     "udp",     "dups",
                                        "ranges", "cloexec", "forks",   "objects", "scm",
                                        "vforks", "threads", "unshare", "killed"};
    return std::find(some.begin(), some.end(), mode) != some.end();
}

std::vector<TruthRun> runs(const std::string& program, Who who) {
    std::vector<TruthRun> list;
    for (const TruthProgram& one : truth_programs())
        for (const TruthCase& which : kAll)
            if (one.name == program && (program == "fd_truth" || is_worth_repeating(which.mode)))
                list.push_back({which, one, who});
    return list;
}

std::string title(const testing::TestParamInfo<TruthRun>& info) {
    std::string text = info.param.of.mode;
    std::replace(text.begin(), text.end(), '-', '_');
    return text;
}

INSTANTIATE_TEST_SUITE_P(Here, ExactTruth, testing::ValuesIn(runs("fd_truth", Who::self)), title);
INSTANTIATE_TEST_SUITE_P(AsUser, ExactTruth, testing::ValuesIn(runs("fd_truth", Who::ordinary)),
                         title);
INSTANTIATE_TEST_SUITE_P(Static, ExactTruth, testing::ValuesIn(runs("fd_truth_static", Who::self)),
                         title);
INSTANTIATE_TEST_SUITE_P(I386, ExactTruth, testing::ValuesIn(runs("fd_truth_i386", Who::self)),
                         title);

}  // namespace
}  // namespace logfia::test
