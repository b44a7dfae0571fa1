#pragma once

#include <logfia/base/clock.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace logfia {

/// Remembers, in bounded memory, enough of when things were opened to tell for any later span of
/// time whether something was opened in each third of it. Times count from the start of a watch.
///
/// Spans of equal width each keep the first and the last time. When a time lies beyond the last
/// span, all become twice as wide. Each is then shorter than a third of the time up to the latest
/// one, so that no third lies between the two times of one span: the answer is exact.
class OpenTimes {
  public:
    void note(Duration time) {
        time = std::max(time, Duration::zero());
        while (time >= width_ * static_cast<Duration::rep>(spans_.size())) double_width();
        spans_[static_cast<std::size_t>(time / width_)].take({time, time});
    }

    /// `whole` is not shorter than the latest time, and than kShortest.
    [[nodiscard]] bool fill_each_third(Duration whole) const { return fill_from(0, whole); }
    /// The second third and the last one.
    [[nodiscard]] bool fill_later_thirds(Duration whole) const { return fill_from(1, whole); }

    void merge(OpenTimes other) {
        while (width_ < other.width_) double_width();
        while (other.width_ < width_) other.double_width();
        for (std::size_t i = 0; i < spans_.size(); ++i) spans_[i].take(other.spans_[i]);
    }

    /// Three times the first width.
    static constexpr Duration kShortest = std::chrono::seconds(3);

  private:
    struct Span {
        Duration first = Duration::max();
        Duration last = Duration::min();  // before `first`: empty

        void take(const Span& other) {
            first = std::min(first, other.first);
            last = std::max(last, other.last);
        }
    };

    void double_width() {
        width_ *= 2;
        for (std::size_t i = 0; i < spans_.size(); ++i) {
            Span both = 2 * i < spans_.size() ? spans_[2 * i] : Span();
            if (2 * i + 1 < spans_.size()) both.take(spans_[2 * i + 1]);
            spans_[i] = both;
        }
    }

    [[nodiscard]] bool fill_from(int third, Duration whole) const {
        for (; third < 3; ++third)
            if (!any_between(whole * third / 3, whole * (third + 1) / 3, third == 2)) return false;
        return true;
    }

    [[nodiscard]] bool any_between(Duration from, Duration to, bool with_end) const {
        const auto inside = [&](Duration time) {
            return time >= from && (time < to || (with_end && time == to));
        };
        return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
            return span.first <= span.last && (inside(span.first) || inside(span.last));
        });
    }

    Duration width_ = kShortest / 3;
    std::array<Span, 8> spans_;
};

}  // namespace logfia
