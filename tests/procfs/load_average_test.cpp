#include <logfia/procfs/load_average.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <support/prefixes.hpp>

namespace logfia {
namespace {

TEST(ParseRunnable, ReadsHowManyRun) {
    EXPECT_EQ(parse_runnable("0.20 0.18 0.12 1/80 11206\n"), 1);
    EXPECT_EQ(parse_runnable("13.16 8.84 5.26 14/177 2682\n"), 14);
    EXPECT_EQ(parse_runnable("0.00 0.00 0.00 0/0 0\n"), 0);
}

TEST(ParseRunnable, OddRowsAreNone) {
    for (const char* bytes : {"", "\n", "1/80", "0.2 0.1 0.1", "0.2 0.1 0.1 1", "0.2 0.1 0.1 /80",
                              "0.2 0.1 0.1 x/80 7", "0.2 0.1 0.1 -1x/80 7"})
        EXPECT_EQ(parse_runnable(bytes), std::nullopt) << bytes;
}

TEST(ParseRunnable, ACutRowTellsNothingWrong) {
    test::for_each_prefix("0.20 0.18 0.12 12/80", [](std::string_view cut) {
        EXPECT_EQ(parse_runnable(cut),
                  cut.find('/') < cut.size() ? std::optional(12) : std::nullopt)
            << cut;
    });
}

TEST(ParseRunnable, AgreesWithTheKernel) {
    std::ostringstream bytes;
    bytes << std::ifstream("/proc/loadavg").rdbuf();
    const auto runnable = parse_runnable(bytes.str());
    ASSERT_TRUE(runnable) << bytes.str();
    EXPECT_GE(*runnable, 1) << "we run";
}

}  // namespace
}  // namespace logfia
