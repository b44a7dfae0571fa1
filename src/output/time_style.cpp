#include <logfia/output/time_style.hpp>

namespace logfia {
namespace {

std::chrono::microseconds between(SteadyTime from, SteadyTime to) {
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

}  // namespace

void TimeColumn::append(std::string& out, const Now& at) {
    switch (style_) {
        case TimeStyle::iso:
            rfc3339_.append(out, at.wall);
            break;
        case TimeStyle::unix:
            append_seconds(out, at.wall.time_since_epoch());
            break;
        case TimeStyle::start:
            append_seconds(out, between(began_, at.steady));
            break;
        case TimeStyle::delta:
            append_seconds(out, between(before_.value_or(at.steady), at.steady));
            before_ = at.steady;
            break;
    }
}

}  // namespace logfia
