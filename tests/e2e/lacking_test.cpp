// A kernel that lacks descriptors or memory for a moment: processes that could not be watched are
// named, and tried again.

#include "support/faulty_kernel.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace logfia::test {
namespace {

using testing::HasSubstr;

class Lacking : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto reason = FaultyKernel::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    }
    /// The file of a child that appears under `fault`, and its close, are reported.
    void expect_told(const Fault& fault) {
        SCOPED_TRACE(fault.place + ": " + std::strerror(fault.error));
        FdMaker maker;
        ChildOptions options;
        options.supervisor = kernel().socket();
        options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()}, options);
        RecordStream records(run);
        records.next("open", 2);
        kernel_->fail(fault);
        const auto child = maker.numbers("fork-open " + as_word(file_));
        const auto is_childs = [&](const JsonRecord& record) {
            return record["pid"] == std::to_string(child.at(0)) && record["name"] == file_;
        };
        records.next(is_childs);
        EXPECT_GT(kernel_->faults(), 0);
        maker.end();
        EXPECT_EQ(run.finish(), 0);
        const JsonRecords all = json_records(run);
        EXPECT_EQ(std::count_if(all.begin(), all.end(), is_childs), 2) << "its open and its close";
        errors_ = run.errors();
    }
    FaultyKernel& kernel() { return kernel_.emplace(); }

    TempDir directory_;
    std::string file_ = directory_.file("file");
    std::optional<FaultyKernel> kernel_;
    std::string errors_;
};

TEST_F(Lacking, AChildIsTriedAgain) {
    for (const char* place : {"openat /proc/N", "openat /proc/N/stat", "openat /proc/N/fd"}) {
        for (const int error : {EMFILE, ENFILE, ENOMEM}) {
            expect_told({place, error, Fault::Times::once});
            EXPECT_THAT(errors_, HasSubstr("cannot watch process"));
            EXPECT_THAT(errors_, HasSubstr(std::strerror(error)));
        }
    }
}

/// The end of a child without a pidfd is noticed all the same.
TEST_F(Lacking, AChildWithoutAPidfdIsWatched) {
    for (const auto times : {Fault::Times::once, Fault::Times::always})
        expect_told({"pidfd_open", EMFILE, times});
}

TEST_F(Lacking, ADescriptorThatCannotBeAskedIsToldOfOnce) {
    for (const int error : {EMFILE, ENFILE, ENOMEM}) {
        expect_told({"openat /proc/N/fdinfo/N", error, Fault::Times::always});
        const Lines errors = complete_lines(errors_);
        EXPECT_EQ(errors.size(), 1U) << errors_;
        EXPECT_THAT(errors_, HasSubstr("cannot find out what some descriptors are: " +
                                       std::string(std::strerror(error))));
    }
}

/// logfia waits for the child no longer than the child lives.
TEST_F(Lacking, AChildThatNeverCanBeWatchedIsNotWaitedForBeyondItsEnd) {
    for (const char* place : {"openat /proc/N/stat", "openat /proc/N"}) {
        SCOPED_TRACE(place);
        FdMaker maker;
        ChildOptions options;
        options.supervisor = kernel().socket();
        options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()}, options);
        RecordStream records(run);
        records.next("open", 2);
        kernel_->fail({place, EMFILE, Fault::Times::always});
        const auto child = maker.numbers("fork-open " + as_word(file_));
        const std::string named = "process " + std::to_string(child.at(0)) + ": ";
        EXPECT_TRUE(run.wait_for([&](const Lines&) {
            return run.errors().find(named) != std::string::npos;
        })) << run.errors();
        maker.end();
        EXPECT_EQ(run.finish(), 0);
    }
}

/// Children that were there before are listed, and the listing fails.
TEST_F(Lacking, ChildrenThatCannotBeListedAreListedAgain) {
    for (const char* place : {"openat /proc/N/task/N/children", "newfstatat /proc/N/task"}) {
        SCOPED_TRACE(place);
        FdMaker maker;
        const auto child = maker.numbers("fork-open " + as_word(file_));
        FaultyKernel faulty({place, ENOMEM, Fault::Times::once});
        ChildOptions options;
        options.supervisor = faulty.socket();
        options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()}, options);
        RecordStream records(run);
        records.next([&](const JsonRecord& record) {
            return record["pid"] == std::to_string(child.at(0)) && record["name"] == file_;
        });
        EXPECT_GT(faulty.faults(), 0);
        EXPECT_EQ(run.interrupt(), 0);
        EXPECT_THAT(run.errors(), HasSubstr("cannot list the children of process"));
    }
}

/// As in a kernel where CONFIG_PROC_CHILDREN is off.
TEST_F(Lacking, AKernelWithoutChildrenFilesIsToldOnce) {
    FdMaker maker;
    const auto child = maker.numbers("fork-open " + as_word(file_));
    FaultyKernel faulty({"openat /proc/N/task/N/children", ENOENT, Fault::Times::always});
    ChildOptions options;
    options.supervisor = faulty.socket();
    options.environment = {"ASAN_OPTIONS=detect_leaks=0"};
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()}, options);
    RecordStream records(run);
    records.next([&](const JsonRecord& record) {
        return record["pid"] == std::to_string(child.at(0)) && record["name"] == file_;
    });
    EXPECT_EQ(run.interrupt(), 0);
    const Lines errors = complete_lines(run.errors());
    EXPECT_EQ(errors.size(), 1U) << run.errors();
    EXPECT_THAT(run.errors(), HasSubstr("CONFIG_PROC_CHILDREN"));
}

}  // namespace
}  // namespace logfia::test
