#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

namespace logfia {

/// Time of day (CLOCK_REALTIME); it may step back.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
/// CLOCK_MONOTONIC: never steps, does not count suspension. Every interval is measured on it.
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

/// A moment, on both clocks. Handed down as an argument: only `app` asks the clocks.
struct Now {
    WallTime wall{};
    SteadyTime steady{};
};

Now read_clocks();

enum class Zone : std::uint8_t { local, utc };

/// Writes RFC 3339 with six digits and the numeric offset of the time zone:
/// `2017-05-07T12:40:40.663016-04:00`. The time zone is asked once for each second that is written,
/// since that costs far more than the rest.
class Rfc3339 {
  public:
    explicit Rfc3339(Zone zone = Zone::local) : zone_(zone) {}

    void append(std::string& out, WallTime time);

  private:
    void refresh(std::time_t second);

    Zone zone_;
    std::time_t second_ = -1;
    bool fresh_ = false;
    char date_time_[32] = {};  ///< "2017-05-07T12:40:40."
    std::size_t date_time_length_ = 0;
    char offset_[8] = {};  ///< "-04:00"
};

/// Seconds with six decimals: `1494175240.663016`. Negative values keep their sign.
void append_seconds(std::string& out, std::chrono::microseconds time);

}  // namespace logfia
