#include "support/logfia_run.hpp"

#include <gtest/gtest.h>

namespace logfia::test {
namespace {

TEST(CommandLine, TheExecutableStartsAndEnds) {
    LogfiaRun run({"--version"});
    EXPECT_EQ(run.finish(), 0) << run.errors();
}

}  // namespace
}  // namespace logfia::test
