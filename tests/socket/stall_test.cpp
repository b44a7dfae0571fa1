#include <logfia/socket/stall.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Stall, PausesGrowAndNeverBecomeEndless) {
    Stall stall;
    SteadyTime now{seconds(5)};
    EXPECT_FALSE(stall.holds(now));
    for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
        stall.note(now);
        stall.note(now);  // several sockets in one look are one stall
        EXPECT_TRUE(stall.holds(now + seconds(pause) - Duration(1)));
        now += seconds(pause);
        EXPECT_FALSE(stall.holds(now));
    }
}

TEST(Stall, IsForgottenAfterAQuietTime) {
    Stall stall;
    SteadyTime now{seconds(5)};
    stall.note(now);
    now += seconds(1);
    stall.note(now);
    EXPECT_TRUE(stall.holds(now + seconds(1)));
    now += minutes(11);
    stall.note(now);
    EXPECT_TRUE(stall.holds(now));
    EXPECT_FALSE(stall.holds(now + seconds(1)));
}

}  // namespace
}  // namespace logfia
