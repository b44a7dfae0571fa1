#include "support/fake_proc.hpp"
#include <logfia/process/open_processes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace logfia {
namespace {

using ::testing::HasSubstr;

TEST(OpenProcesses, WhatCannotBeWatchedIsNamed) {
    test::FakeProc proc;
    proc.add_process(42, "worker");
    proc.add_process(43, "zombie");
    proc.set_stat(43, {.state = 'Z'});
    auto root = ProcRoot::open(proc.path());
    ASSERT_TRUE(root);
    const std::vector<pid_t> pids{41, 42, 43};
    const OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(pids.size()));
    ASSERT_EQ(opened.errors.size(), 2U);
    EXPECT_THAT(describe(opened.errors[0]), HasSubstr("process 41: No such process"));
    EXPECT_THAT(describe(opened.errors[1]), HasSubstr("zombie"));
    ASSERT_EQ(opened.processes.size(), 1U);
    EXPECT_EQ(opened.processes[0].pid(), 42);
}

}  // namespace
}  // namespace logfia
