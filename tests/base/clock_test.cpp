#include <logfia/base/clock.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace logfia {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

class TimeZone {
  public:
    explicit TimeZone(const char* zone) {
        if (const char* old = std::getenv("TZ")) old_ = old;
        set(zone);
    }
    ~TimeZone() { old_.empty() ? set(nullptr) : set(old_.c_str()); }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

  private:
    static void set(const char* zone) {
        zone ? setenv("TZ", zone, 1) : unsetenv("TZ");
        tzset();
    }
    std::string old_;
};

std::string rfc3339(microseconds since_epoch) {
    std::string out;
    Rfc3339 writer;
    writer.append(out, WallTime(since_epoch));
    return out;
}

TEST(Rfc3339, WritesMicrosecondsAndTheOffsetOfTheZone) {
    const auto time = seconds(1494175240) + microseconds(663016);
    {
        TimeZone zone("EST+5EDT,M3.2.0,M11.1.0");
        EXPECT_EQ(rfc3339(time), "2017-05-07T12:40:40.663016-04:00");
    }
    {
        TimeZone zone("IST-5:30");
        EXPECT_EQ(rfc3339(time), "2017-05-07T22:10:40.663016+05:30");
    }
    TimeZone zone("UTC0");
    EXPECT_EQ(rfc3339(time), "2017-05-07T16:40:40.663016+00:00");
    EXPECT_EQ(rfc3339(microseconds(7)), "1970-01-01T00:00:00.000007+00:00");
    EXPECT_EQ(rfc3339(microseconds(-1)), "1969-12-31T23:59:59.999999+00:00");
}

TEST(Rfc3339, FollowsTheClockAcrossASecondAndBack) {
    TimeZone zone("UTC0");
    Rfc3339 writer;
    std::string out;
    for (const int second : {59, 60, 59}) {
        writer.append(out, WallTime(seconds(second)));
        out += '\n';
    }
    EXPECT_EQ(out,
              "1970-01-01T00:00:59.000000+00:00\n1970-01-01T00:01:00.000000+00:00\n"
              "1970-01-01T00:00:59.000000+00:00\n");
}

TEST(Rfc3339, WritesUtcInAnyZone) {
    TimeZone zone("EST+5EDT,M3.2.0,M11.1.0");
    std::string out;
    Rfc3339(Zone::utc).append(out, WallTime(microseconds(1'494'175'240'663'016)));
    EXPECT_EQ(out, "2017-05-07T16:40:40.663016+00:00");
}

TEST(AppendSeconds, AlwaysHasSixDecimals) {
    const auto text = [](long long count) {
        std::string out;
        append_seconds(out, microseconds(count));
        return out;
    };
    EXPECT_EQ(text(1494175240663016), "1494175240.663016");
    EXPECT_EQ(text(0), "0.000000");
    EXPECT_EQ(text(-1500), "-0.001500");
}

}  // namespace
}  // namespace logfia
