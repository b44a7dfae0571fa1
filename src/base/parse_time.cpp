#include <logfia/base/parse_time.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <system_error>

namespace logfia {
namespace {

struct Unit {
    std::string_view name;
    double seconds;
};

constexpr Unit kShort[] = {{"", 1e-3}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
constexpr Unit kLong[] = {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
constexpr double kYear = 365.0 * 24 * 3600;

}  // namespace

std::optional<Duration> parse_time(std::string_view text, BareUnit bare) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    double value = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + end, value);
    if (error != std::errc{} || last != text.data() + end) return std::nullopt;
    const std::span<const Unit> units =
        bare == BareUnit::milliseconds ? std::span<const Unit>(kShort) : kLong;
    for (const Unit& unit : units) {
        if (text.substr(end) != unit.name) continue;
        const double seconds = value * unit.seconds;
        if (seconds > kYear) return std::nullopt;
        return Duration(std::llround(seconds * 1e9));
    }
    return std::nullopt;
}

}  // namespace logfia
