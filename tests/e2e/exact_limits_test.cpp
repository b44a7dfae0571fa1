// Exact: what gets in the way. The command is to notice none of it.

#include "support/exact.hpp"
#include "support/fd_truth.hpp"
#include "support/stalled_reader.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;

class ExactLimits : public ExactTest {
  protected:
    /// A shell that leaves the status of fd_truth in a file.
    std::vector<std::string> with_status(const std::string& mode, int count) const {
        return {"/bin/sh",
                "-c",
                "\"$@\" 2>" + errors_ + "; echo $? >" + status_ + ".new; mv " + status_ + ".new " +
                    status_,
                "sh",
                truth_program().path,
                mode,
                std::to_string(count),
                truth_path()};
    }
    static std::string content(const std::string& path) {
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    void expect_unharmed() {
        EXPECT_TRUE(eventually([&] { return std::filesystem::exists(status_); })) << "it hangs";
        EXPECT_EQ(content(status_), "0\n") << content(errors_);
        std::filesystem::remove(status_);
    }

    std::string status_ = directory_.path("status");
    std::string errors_ = directory_.path("errors");
};

std::size_t times(const std::string& piece, const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1))
        ++count;
    return count;
}

TEST_F(ExactLimits, WithinAnotherItIsRefused) {
    const Outcome outcome = outcome_of(words(
        {"-f", "-o", records_.path()}, {LogfiaRun::program(), "-X", "-n", "--", "/bin/true"}));
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.lines, IsEmpty()) << "the command is not run";
    EXPECT_THAT(outcome.errors, HasSubstr("logfia: "));
    EXPECT_THAT(outcome.errors, HasSubstr("already"));
}

TEST_F(ExactLimits, WhatGoesThroughARingIsSaidToBeMissed) {
    const Outcome outcome =
        outcome_of(words({"-j", "-f", "--utc", "-o", records_.path()}, truth_command("uring", 20)));
    if (outcome.status == 77) GTEST_SKIP() << "this kernel has no io_uring for us";
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(times("io_uring", outcome.errors), 1U) << outcome.errors;
    EXPECT_THAT(contradictions(records_.all()), IsEmpty());
}

/// A pipe that nobody reads: the command goes on, to its end, and all is told afterwards.
TEST_F(ExactLimits, AReaderThatStandsStillHoldsNobodyBack) {
    StalledReader reader;
    LogfiaRun run(words({"-f", "-j", "--utc"}, with_status("files", 1000)), reader.options());
    expect_unharmed();
    EXPECT_TRUE(reader.has_some());
    JsonRecords records;
    const std::string text = reader.read_all();
    EXPECT_EQ(run.finish(), 0);
    for (const std::string& line : complete_lines(text)) records.emplace_back(line);
    EXPECT_THAT(only(records, "lost"), IsEmpty());
    const Truth truth = read_truth(truth_path());
    const std::string pid = std::to_string(truth.descriptors.front().pid);
    std::erase_if(records, [&](const JsonRecord& record) { return record["pid"] != pid; });
    EXPECT_EQ(truth.descriptors.size(), 1000U);
    EXPECT_THAT(compare(truth, records), IsEmpty());
}

TEST_F(ExactLimits, AReaderThatHasLeftDoesNotEndTheCommand) {
    StalledReader reader;
    LogfiaRun run(words({"-f", "-j"}, with_status("files", 1000)), reader.options());
    EXPECT_TRUE(reader.has_some());
    reader.leave();
    expect_unharmed();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(run.errors(), "");
}

/// A moment in which records were written already and the command goes on.
void wait_until_busy(const RecordFile& records) {
    EXPECT_TRUE(eventually([&] {
        std::error_code missing;
        return std::filesystem::file_size(records.path(), missing) > 0 && !missing;
    }));
}

/// The command stands at its next call until logfia goes on; nothing is lost by that.
TEST_F(ExactLimits, OurStandstillIsTheCommandsToo) {
    LogfiaRun run(
        words({"-f", "-j", "--utc", "-o", records_.path()}, truth_command("files", 2000)));
    wait_until_busy(records_);
    {
        const Standstill stopped(run);
        std::this_thread::sleep_for(milliseconds(100));
    }
    EXPECT_EQ(run.finish(), 0) << run.errors();
    EXPECT_THAT(only(records_.all(), "lost"), IsEmpty());
    EXPECT_THAT(compare(read_truth(truth_path()), records_.all()), IsEmpty());
}

}  // namespace
}  // namespace logfia::test
