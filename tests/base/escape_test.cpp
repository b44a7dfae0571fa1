#include "support/json_text.hpp"
#include <logfia/base/escape.hpp>

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace logfia {
namespace {

using namespace std::string_literals;

std::string escaped(std::string_view bytes) {
    std::string out;
    append_escaped(out, bytes);
    return out;
}

std::string escaped_word(std::string_view bytes) {
    std::string out;
    append_escaped_word(out, bytes);
    return out;
}

std::string json(std::string_view bytes) {
    std::string out;
    append_json_string(out, bytes);
    return out;
}

/// Recovers the bytes, as a reader of the text would.
std::string unescaped(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            bytes += text[i];
        } else if (text[i + 1] == 'x') {
            bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
            i += 3;
        } else {
            ++i;
            bytes += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        }
    }
    return bytes;
}

/// Random bytes, with more of what is special than chance would give.
std::string random_bytes(std::mt19937& random) {
    static const std::vector<std::string> kParts = {"\n",
                                                    "\\",
                                                    "\"",
                                                    "\x1b[2J",
                                                    "\xc3\xa4",
                                                    "\xe2\x80\xae",
                                                    "\xf0\x9f\x98\x80",
                                                    "\xed\xa0",
                                                    "\0"s,
                                                    "/tmp/a b",
                                                    "\xc2\x9b",
                                                    "\xe2\x81\xa6",
                                                    "\xef\xbb\xbf",
                                                    "\x7f"};
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<std::size_t> part(0, 2 * kParts.size());
    std::string bytes;
    for (int i = byte(random) % 24; i > 0; --i) {
        const auto index = part(random);
        bytes +=
            index < kParts.size() ? kParts[index] : std::string(1, static_cast<char>(byte(random)));
    }
    return bytes;
}

bool has_unsafe_byte(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    }
    return false;
}

TEST(DecodeUtf8, TakesTheEdgesOfEveryLength) {
    struct Case {
        std::string bytes;
        std::uint32_t code_point;
    };
    const std::vector<Case> cases = {{"\0"s, 0},
                                     {"\x7f", 0x7f},
                                     {"\xc2\x80", 0x80},
                                     {"\xdf\xbf", 0x7ff},
                                     {"\xe0\xa0\x80", 0x800},
                                     {"\xed\x9f\xbf", 0xd7ff},
                                     {"\xee\x80\x80", 0xe000},
                                     {"\xef\xbf\xbf", 0xffff},
                                     {"\xf0\x90\x80\x80", 0x10000},
                                     {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (const auto& [bytes, code_point] : cases) {
        const auto character = decode_utf8(bytes + "tail");
        ASSERT_TRUE(character) << std::hex << code_point;
        EXPECT_EQ(character->code_point, code_point);
        EXPECT_EQ(character->length, bytes.size());
        EXPECT_TRUE(is_valid_utf8("a" + bytes + bytes));
    }
}

TEST(DecodeUtf8, RefusesWhatIsNotUtf8) {
    const std::vector<std::string> cases = {"\x80",
                                            "\xbf",
                                            "\xc0\x80",
                                            "\xc1\xbf",
                                            "\xc3",
                                            "\xc3(",
                                            "\xe0\x9f\xbf",
                                            "\xe2\x82",
                                            "\xe2",
                                            "\xed\xa0\x80",
                                            "\xed\xbf\xbf",
                                            "\xf0\x9f\x98",
                                            "\xf0\x8f\xbf\xbf",
                                            "\xf4\x90\x80\x80",
                                            "\xf5\x80\x80\x80",
                                            "\xff",
                                            "\xfe",
                                            "\xf8\x88\x80\x80\x80"};
    for (const auto& bytes : cases) {
        EXPECT_FALSE(decode_utf8(bytes)) << json(bytes);
        EXPECT_FALSE(is_valid_utf8("name" + bytes));
    }
    EXPECT_TRUE(is_valid_utf8(""));
}

TEST(AppendEscaped, KeepsWhatIsHarmless) {
    for (const std::string text : {"", "/var/log/app.log", " a  b ", "/tmp/x (deleted)",
                                   "J\xc3\xbcrgen", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80",
                                   "\"quoted\" [7]", "\xc2\xa0", "\xe2\x80\x8d"}) {
        EXPECT_EQ(escaped(text), text);
    }
}

TEST(AppendEscaped, EscapesWhatBreaksALineOrATerminal) {
    struct Case {
        std::string bytes;
        std::string text;
    };
    const std::vector<Case> cases = {
        {"a\nb\tc\\d", "a\\nb\\tc\\\\d"},
        {"\r\0\x1f"s, "\\x0d\\x00\\x1f"},
        {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
        {"\xc2\x80\xc2\x9b\xc2\x9f", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f"},
        {"\xd8\x9c", "\\xd8\\x9c"},
        {"\xe2\x80\x8e\xe2\x80\x8f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f"},
        {"\xe2\x80\xaa\xe2\x80\xae", "\\xe2\\x80\\xaa\\xe2\\x80\\xae"},
        {"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
        {"a\xff\xfe", "a\\xff\\xfe"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xe2\x82(\xac", "\\xe2\\x82(\\xac"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    };
    for (const auto& [bytes, text] : cases) EXPECT_EQ(escaped(bytes), text);
}

TEST(AppendEscaped, EscapesTheBordersOfAWord) {
    EXPECT_EQ(escaped_word("a b[1]\t\xc3\xa4"), "a\\x20b\\x5b1\\x5d\\t\xc3\xa4");
    EXPECT_EQ(escaped_word("Web Content"), "Web\\x20Content");
}

TEST(AppendJsonString, EscapesControlsAndReplacesBrokenBytes) {
    EXPECT_EQ(json(""), "\"\"");
    EXPECT_EQ(json("/a\"b\\c/"), "\"/a\\\"b\\\\c/\"");
    EXPECT_EQ(json("\b\f\n\r\t\0\x1b\x7f"s), "\"\\b\\f\\n\\r\\t\\u0000\\u001b\\u007f\"");
    EXPECT_EQ(json("\xc2\x9b\xe2\x80\xae\xd8\x9c"), "\"\\u009b\\u202e\\u061c\"");
    EXPECT_EQ(json("J\xc3\xbc\xf0\x9f\x98\x80"), "\"J\xc3\xbc\xf0\x9f\x98\x80\"");
    EXPECT_EQ(json("a\xff\xe2\x82z"), "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST(AppendHex, WritesTwoDigitsAByte) {
    std::string out = "x";
    append_hex(out, "\x00\x0f\xa0\xff"s);
    EXPECT_EQ(out, "x000fa0ff");
}

TEST(EscapeProperty, AnyBytesStayOneSafeLineAndComeBack) {
    std::mt19937 random(20170507);
    for (int round = 0; round < 20'000; ++round) {
        const std::string bytes = random_bytes(random);
        for (const std::string& text : {escaped(bytes), escaped_word(bytes)}) {
            ASSERT_FALSE(has_unsafe_byte(text));
            ASSERT_TRUE(is_valid_utf8(text));
            ASSERT_EQ(unescaped(text), bytes);
        }
        const std::string string = json(bytes);
        ASSERT_FALSE(has_unsafe_byte(string));
        ASSERT_TRUE(is_valid_utf8(string));
        const auto parsed = test::parse_json_string(string);
        ASSERT_TRUE(parsed) << string;
        if (is_valid_utf8(bytes)) {
            ASSERT_EQ(*parsed, bytes);
        }
    }
}

TEST(AppendMessage, IsOneLineOfAnyBytes) {
    std::string out = "before\n";
    append_message(out, "a word: 'x\ny\x1b[31m\xff'");
    EXPECT_EQ(out, "before\nlogfia: a word: 'x\\ny\\x1b[31m\\xff'\n");
}

}  // namespace
}  // namespace logfia
