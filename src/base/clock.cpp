#include <logfia/base/clock.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

namespace logfia {

Now read_clocks() {
    // Calls clock_gettime(2) instead of <chrono>'s clocks: an idle watch does little else, and
    // would use the C++ library for nothing but this.
    timespec wall{};
    timespec steady{};
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &steady);
    using std::chrono::microseconds;
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    return {WallTime(seconds(wall.tv_sec) + microseconds(wall.tv_nsec / 1000)),
            SteadyTime(seconds(steady.tv_sec) + nanoseconds(steady.tv_nsec))};
}

void Rfc3339::refresh(std::time_t second) {
    std::tm fields{};
    if (zone_ == Zone::utc)
        gmtime_r(&second, &fields);
    else
        localtime_r(&second, &fields);
    const auto end =
        fmt::format_to_n(date_time_, sizeof date_time_, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.",
                         fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday, fields.tm_hour,
                         fields.tm_min, fields.tm_sec);
    date_time_length_ = static_cast<std::size_t>(end.out - date_time_);
    const long minutes = std::labs(fields.tm_gmtoff) / 60;
    fmt::format_to_n(offset_, sizeof offset_, "{}{:02}:{:02}", fields.tm_gmtoff < 0 ? '-' : '+',
                     minutes / 60, minutes % 60);
    second_ = second;
    fresh_ = true;
}

void Rfc3339::append(std::string& out, WallTime time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const std::time_t second = whole.time_since_epoch().count();
    if (!fresh_ || second != second_) refresh(second);
    out.append(date_time_, date_time_length_);
    fmt::format_to(std::back_inserter(out), "{:06}", (time - whole).count());
    out.append(offset_, 6);
}

void append_seconds(std::string& out, std::chrono::microseconds time) {
    const auto count = time.count();
    const auto magnitude =
        count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    if (count < 0) out += '-';
    fmt::format_to(std::back_inserter(out), "{}.{:06}", magnitude / 1'000'000,
                   magnitude % 1'000'000);
}

}  // namespace logfia
