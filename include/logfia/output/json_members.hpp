#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/base/escape.hpp>
#include <logfia/output/time_style.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// Writes the members of one JSON object.
class JsonMembers {
  public:
    explicit JsonMembers(std::string& out) : out_(out) {}

    void key(std::string_view name) {
        out_ += first_ ? "{\"" : ",\"";
        out_ += name;
        out_ += "\":";
        first_ = false;
    }

    void text(std::string_view name, std::string_view value) {
        key(name);
        append_json_string(out_, value);
    }

    /// Bytes that a JSON string cannot hold are repeated as NAME_hex.
    void bytes(std::string_view name, std::string_view value) {
        text(name, value);
        if (is_valid_utf8(value)) return;
        out_ += ",\"";
        out_ += name;
        out_ += "_hex\":\"";
        append_hex(out_, value);
        out_ += '"';
    }

    template <class Number>
    void number(std::string_view name, Number value) {
        key(name);
        const fmt::format_int digits(value);
        out_.append(digits.data(), digits.size());
    }

    template <class Number>
    void number_if_known(std::string_view name, const std::optional<Number>& value) {
        if (value) number(name, *value);
    }

    /// With up to three decimals; cut, not rounded.
    void milliseconds(std::string_view name, Duration duration) {
        key(name);
        const auto micros = std::max<std::int64_t>(duration.count() / 1000, 0);
        fmt::format_to(std::back_inserter(out_), "{}", micros / 1000);
        if (micros % 1000 == 0) return;
        fmt::format_to(std::back_inserter(out_), ".{:03}", micros % 1000);
        out_.erase(out_.find_last_not_of('0') + 1);
    }

    void text_if_any(std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    }

    void truth(std::string_view name) { truth_value(name, true); }
    void truth_value(std::string_view name, bool value) {
        key(name);
        out_ += value ? "true" : "false";
    }

    /// A string, or a number where the style is one.
    void time(std::string_view name, TimeColumn& column, const Now& at) {
        key(name);
        if (!column.is_number()) out_ += '"';
        column.append(out_, at);
        if (!column.is_number()) out_ += '"';
    }

    /// The end of an object that stands alone on its line, and of one within another.
    void end() { out_ += "}\n"; }
    void end_inner() { out_ += '}'; }

  private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace logfia
