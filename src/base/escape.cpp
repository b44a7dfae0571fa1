#include <logfia/base/escape.hpp>

#include <array>

namespace logfia {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::uint8_t to_byte(char c) {
    return static_cast<std::uint8_t>(c);
}

/// The bytes that are copied unchanged, so that ordinary text goes in one run.
using PlainBytes = std::array<bool, 256>;

constexpr PlainBytes printable_ascii_without(std::string_view special) {
    PlainBytes plain{};
    for (std::size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = true;
    for (const char c : special) plain[to_byte(c)] = false;
    return plain;
}

constexpr PlainBytes kPlainInText = printable_ascii_without("\\");
constexpr PlainBytes kPlainInWord = printable_ascii_without("\\ []");
constexpr PlainBytes kPlainInJson = printable_ascii_without("\\\"");

/// `special(rest)` appends what stands for the first character of `rest` and returns its length.
template <class Special>
void append_runs(std::string& out, std::string_view bytes, const PlainBytes& plain,
                 Special special) {
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t end = at;
        while (end < bytes.size() && plain[to_byte(bytes[end])]) ++end;
        out.append(bytes, at, end - at);
        at = end;
        if (at < bytes.size()) at += special(bytes.substr(at));
    }
}

void append_hex_byte(std::string& out, std::uint8_t byte) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xf];
}

std::size_t append_special_text(std::string& out, std::string_view rest) {
    const char first = rest.front();
    if (first == '\\' || first == '\n' || first == '\t') {
        out += '\\';
        out += first == '\n' ? 'n' : first == '\t' ? 't' : '\\';
        return 1;
    }
    const auto character = decode_utf8(rest);
    const std::size_t length = character ? character->length : 1;
    if (character && length > 1 && !is_unsafe(character->code_point)) {
        out.append(rest, 0, length);
        return length;
    }
    for (const char c : rest.substr(0, length)) {
        out += "\\x";
        append_hex_byte(out, to_byte(c));
    }
    return length;
}

std::size_t append_special_json(std::string& out, std::string_view rest) {
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    if (const auto index = kNamed.find(rest.front()); index != std::string_view::npos) {
        out += '\\';
        out += kNames[index];
        return 1;
    }
    const auto character = decode_utf8(rest);
    if (!character) {
        out += kReplacement;
        return 1;
    }
    if (!is_unsafe(character->code_point)) {
        out.append(rest, 0, character->length);
        return character->length;
    }
    out += "\\u";  // every unsafe character lies below U+10000
    append_hex_byte(out, static_cast<std::uint8_t>(character->code_point >> 8));
    append_hex_byte(out, static_cast<std::uint8_t>(character->code_point & 0xff));
    return character->length;
}

}  // namespace

std::optional<Utf8Character> decode_utf8(std::string_view bytes) {
    constexpr std::array<std::uint32_t, 5> kLowest{0, 0, 0x80, 0x800, 0x10000};
    const std::uint8_t first = to_byte(bytes.front());
    if (first < 0x80) return Utf8Character{first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return std::nullopt;
    std::uint32_t code_point = first & (0x7fU >> length);
    for (const char c : bytes.substr(1, length - 1)) {
        if ((to_byte(c) & 0xc0) != 0x80) return std::nullopt;
        code_point = (code_point << 6) | (to_byte(c) & 0x3fU);
    }
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (code_point < kLowest[length] || code_point > 0x10ffff || surrogate) return std::nullopt;
    return Utf8Character{code_point, length};
}

bool is_valid_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        if (to_byte(bytes[at]) < 0x80) {
            ++at;
            continue;
        }
        const auto character = decode_utf8(bytes.substr(at));
        if (!character) return false;
        at += character->length;
    }
    return true;
}

bool is_unsafe(std::uint32_t code_point) {
    const auto within = [code_point](std::uint32_t first, std::uint32_t last) {
        return code_point >= first && code_point <= last;
    };
    return code_point < 0x20 || within(0x7f, 0x9f) || code_point == 0x061c ||
           within(0x200e, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069);
}

void append_escaped(std::string& out, std::string_view bytes) {
    append_runs(out, bytes, kPlainInText,
                [&out](std::string_view rest) { return append_special_text(out, rest); });
}

void append_escaped_word(std::string& out, std::string_view bytes) {
    append_runs(out, bytes, kPlainInWord,
                [&out](std::string_view rest) { return append_special_text(out, rest); });
}

void append_message(std::string& out, std::string_view text) {
    out += "logfia: ";
    append_escaped(out, text);
    out += '\n';
}

void append_json_string(std::string& out, std::string_view bytes) {
    out += '"';
    append_runs(out, bytes, kPlainInJson,
                [&out](std::string_view rest) { return append_special_json(out, rest); });
    out += '"';
}

void append_hex(std::string& out, std::string_view bytes) {
    for (const char c : bytes) append_hex_byte(out, to_byte(c));
}

}  // namespace logfia
