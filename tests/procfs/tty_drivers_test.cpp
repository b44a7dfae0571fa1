#include <logfia/procfs/tty_drivers.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <support/prefixes.hpp>

namespace logfia {
namespace {

constexpr const char* kDrivers =
    "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
    "/dev/ptmx            /dev/ptmx       5       2 system\n"
    "serial               /dev/ttyS       4      64 serial\n"
    "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
    "a driver with spaces /dev/ttyX     204 16-31 serial\n"
    "unknown              /dev/tty        4 1-63 console\n";

TEST(TtyDrivers, KnowsTheRangesOfTheTable) {
    const TtyDrivers drivers(kDrivers);
    EXPECT_EQ(drivers.rows_skipped(), 0U);
    for (const DeviceNumber tty :
         {DeviceNumber{5, 0}, {5, 2}, {4, 1}, {4, 63}, {4, 64}, {204, 16}, {204, 31}}) {
        EXPECT_TRUE(drivers.contains(tty)) << tty.major << ":" << tty.minor;
    }
    for (const DeviceNumber other :
         {DeviceNumber{1, 3}, {5, 1}, {4, 0}, {4, 65}, {204, 15}, {204, 32}, {0, 0}}) {
        EXPECT_FALSE(drivers.contains(other)) << other.major << ":" << other.minor;
    }
}

TEST(TtyDrivers, PseudoTerminalsAreTerminalsWithoutATable) {
    const TtyDrivers none;
    EXPECT_TRUE(none.contains({136, 0}));
    EXPECT_TRUE(none.contains({143, 255}));
    EXPECT_FALSE(none.contains({135, 0}));
    EXPECT_FALSE(none.contains({144, 0}));
}

TEST(TtyDrivers, OddRowsAreSkippedAndCounted) {
    const TtyDrivers drivers(
        "\nserial\nserial /dev/ttyS\nserial /dev/ttyS 4\nserial /dev/ttyS 4 64\n"
        "serial /dev/ttyS x 64 serial\nserial /dev/ttyS 4 9-3 serial\nserial /dev/ttyS 4 1- "
        "serial\n"
        "serial /dev/ttyS 4 -1 serial\nserial /dev/ttyS 4 1-2-3 serial\n /dev/ttyS 4 64 serial\n"
        "serial /dev/ttyS 4294967296 64 serial\nserial /dev/ttyS 4 7 serial\n");
    EXPECT_EQ(drivers.rows_skipped(), 12U);
    EXPECT_TRUE(drivers.contains({4, 7}));
    EXPECT_FALSE(drivers.contains({4, 64}));
}

TEST(TtyDrivers, ACutRowIsNotTrusted) {
    test::for_each_prefix("unknown              /dev/tty        4 1-63 console\n",
                          [](std::string_view cut) {
                              const TtyDrivers drivers(cut);
                              EXPECT_FALSE(drivers.contains({4, 1}));
                              EXPECT_EQ(drivers.rows_skipped(), cut.empty() ? 0U : 1U);
                          });
}

TEST(TtyDrivers, KnowsTheTerminalsOfThisMachine) {
    std::ifstream file("/proc/tty/drivers");
    if (!file) GTEST_SKIP() << "/proc/tty/drivers cannot be read here";
    std::ostringstream bytes;
    bytes << file.rdbuf();
    const TtyDrivers drivers(bytes.str());
    EXPECT_EQ(drivers.rows_skipped(), 0U) << bytes.str();
    struct stat status {};
    ASSERT_EQ(::stat("/dev/null", &status), 0);
    EXPECT_FALSE(drivers.contains({major(status.st_rdev), minor(status.st_rdev)}));
    if (::stat("/dev/tty", &status) != 0) GTEST_SKIP() << "there is no /dev/tty here";
    EXPECT_TRUE(drivers.contains({major(status.st_rdev), minor(status.st_rdev)}));
}

}  // namespace
}  // namespace logfia
