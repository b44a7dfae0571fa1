#include <logfia/process/run_clock.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::seconds;

TEST(RunClock, ProvesRestOnlyWithTheState) {
    EXPECT_FALSE((RunClock{seconds(7), true}.may_have_run_since(seconds(7))));
    EXPECT_TRUE((RunClock{seconds(7), false}.may_have_run_since(seconds(7))));
    EXPECT_TRUE((RunClock{seconds(8), true}.may_have_run_since(seconds(7))));
    EXPECT_TRUE((RunClock{seconds(7), true}.may_have_run_since(std::nullopt)));
    EXPECT_TRUE((RunClock{std::nullopt, true}.may_have_run_since(std::nullopt))) << "no clock";
}

}  // namespace
}  // namespace logfia
