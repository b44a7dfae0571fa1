#pragma once

#include <logfia/app/options.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace logfia::test {

/// A command line, and the answer to it.
struct Parsed {
    std::variant<Options, ExitStatus> result;
    std::string out;
    std::string err;

    [[nodiscard]] const Options& options() const { return std::get<Options>(result); }
    [[nodiscard]] bool is_usage_error() const {
        const auto* status = std::get_if<ExitStatus>(&result);
        return status != nullptr && *status == ExitStatus::usage;
    }
};

inline Parsed parse(std::vector<const char*> words) {
    words.insert(words.begin(), "logfia");
    std::ostringstream out;
    std::ostringstream err;
    auto result = parse_options(static_cast<int>(words.size()), words.data(), out, err);
    return {std::move(result), out.str(), err.str()};
}

/// A refused command line, and some words of the reason.
struct BadLine {
    std::vector<const char*> words;
    const char* said;
};

inline void expect_refused(const std::vector<BadLine>& lines) {
    for (const auto& line : lines) {
        const auto parsed = parse(line.words);
        EXPECT_TRUE(parsed.is_usage_error()) << line.said;
        EXPECT_THAT(parsed.err, ::testing::StartsWith("logfia: "));
        EXPECT_THAT(parsed.err, ::testing::HasSubstr(line.said));
        EXPECT_EQ(parsed.out, "");
    }
}

}  // namespace logfia::test
