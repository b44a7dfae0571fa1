// For any bytes: one record is one line that plays no tricks, and the bytes can be recovered.

#include "support/any_bytes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace logfia::test {
namespace {

/// Bytes that break lines, move cursors, turn text around, end strings, or are no UTF-8.
const std::array<std::string, 30> kNasty{"\n",
                                         "\r",
                                         "\t",
                                         "\x1b[31m",
                                         "\x1b]0;t\x07",
                                         "\x7f",
                                         "\xc2\x9b",
                                         "\xe2\x80\xae",
                                         "\xe2\x81\xa6",
                                         "\xd8\x9c",
                                         "\xe2\x80\x8f",
                                         "\xff",
                                         "\xc3",
                                         "\xc0\xaf",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\\",
                                         "\\n",
                                         "\\x41",
                                         "\"",
                                         "\\u0000",
                                         "{\"event\":",
                                         " ",
                                         "[",
                                         "] ",
                                         " (deleted)",
                                         "\xe2\x80\xa8",
                                         "\xf0\x9f\x98\x80",
                                         "\xc3\xbc",
                                         "\b"};

/// Equal in each run (mt19937 is the same everywhere; the standard's distributions are not).
class Random {
  public:
    std::size_t below(std::size_t bound) { return engine_() % bound; }

    std::string name() {
        std::string bytes;
        for (std::size_t pieces = below(12); pieces > 0; --pieces) {
            switch (below(3)) {
                case 0:
                    bytes += static_cast<char>(1 + below(255));
                    break;
                case 1:
                    bytes += kNasty.at(below(kNasty.size()));
                    break;
                default:
                    bytes.append(below(5), static_cast<char>('a' + below(26)));
            }
        }
        return bytes;
    }

  private:
    std::mt19937 engine_{20170507};  // NOLINT(*-msc51-cpp): the same in each run
};

std::string visible(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += std::string("\\x") + kDigits[byte / 16] + kDigits[byte % 16];
    }
    return text;
}

void expect_kept(const std::string& bytes) {
    check_records(events_named(bytes), [&](bool holds, const char* what) {
        EXPECT_TRUE(holds) << what << ": " << visible(bytes);
    });
}

TEST(AnyBytes, AreKeptAndHarmless) {
    Random random;
    for (int i = 0; i < 5'000 && !testing::Test::HasFailure(); ++i) {
        std::string bytes;
        for (int name = 0; name < 6; ++name) bytes += random.name() + '\0';
        expect_kept(bytes);
    }
}

TEST(AnyBytes, EachByteAndEachPair) {
    for (int first = 1; first < 256; ++first) {
        std::string pairs;
        for (int second = 1; second < 256; ++second) {
            pairs += static_cast<char>(first);
            pairs += static_cast<char>(second);
        }
        expect_kept(pairs + '\0' + pairs + '\0' + pairs + '\0' + pairs + '\0' + pairs);
        const std::string one(1, static_cast<char>(first));
        expect_kept(one + '\0' + one + '\0' + one + '\0' + one + '\0' + one);
    }
}

TEST(AnyBytes, TheRulesThemselvesTellHarmlessFromHarmful) {
    for (const char* good : {"\n", "plain\n", "Gr\xc3\xbc\xc3\x9f\x65\n", "\xf0\x9f\x98\x80\n"})
        EXPECT_TRUE(is_harmless_line(good)) << visible(good);
    for (const char* bad : {"", "no end", "two\nlines\n", "\x1b[0m\n", "\x7f\n", "\xc2\x9b\n",
                            "\xe2\x80\xae\n", "\xff\n", "\xc0\xaf\n", "\xed\xa0\x80\n"})
        EXPECT_FALSE(is_harmless_line(bad)) << visible(bad);
    EXPECT_EQ(unescaped("a\\x1bb\\n\\t\\\\"),
              "a\x1b"
              "b\n\t\\");
}

}  // namespace
}  // namespace logfia::test
