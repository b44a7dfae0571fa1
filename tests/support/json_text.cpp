#include "support/json_text.hpp"

#include <cctype>

namespace logfia::test {
namespace {

/// How long the string is that `text` begins with, both quotes included; 0: none.
std::size_t string_length(std::string_view text) {
    if (text.empty() || text.front() != '"') return 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/// An array holds no other; a string in it may hold brackets.
std::size_t array_length(std::string_view text) {
    for (std::size_t end = 1; end < text.size(); ++end) {
        if (text[end] == ']') return end + 1;
        if (text[end] != '"') continue;
        const std::size_t length = string_length(text.substr(end));
        if (length == 0) return 0;
        end += length - 1;
    }
    return 0;
}

std::size_t value_length(std::string_view text) {
    if (text.empty()) return 0;
    if (text.front() == '"') return string_length(text);
    if (text.front() == '[') return array_length(text);
    std::size_t end = 0;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 text[end] == '.' || text[end] == '-')) {
        ++end;
    }
    return end;
}

/// The tests need no more than the basic plane.
void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
    } else {
        out += static_cast<char>(0xe0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    }
    out += static_cast<char>(0x80 | (code & 0x3f));
}

std::optional<unsigned> hex_value(std::string_view digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (digits.size() != 4) return std::nullopt;
    std::size_t value = 0;
    for (const char c : digits) {
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = value * 16 + digit;
    }
    return static_cast<unsigned>(value);
}

}  // namespace

std::optional<std::string> parse_json_string(std::string_view text) {
    if (text.empty() || string_length(text) != text.size()) return std::nullopt;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kNamed = "\"\\/\b\f\n\r\t";
    std::string bytes;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] != '\\') {
            if (static_cast<unsigned char>(text[i]) < 0x20) return std::nullopt;
            bytes += text[i];
            continue;
        }
        ++i;
        if (text[i] == 'u') {
            const auto code = hex_value(text.substr(i + 1, 4));
            if (!code) return std::nullopt;
            append_utf8(bytes, *code);
            i += 4;
            continue;
        }
        const auto index = kNames.find(text[i]);
        if (index == std::string_view::npos) return std::nullopt;
        bytes += kNamed[index];
    }
    return bytes;
}

std::optional<JsonMembers> parse_json_object(std::string_view text) {
    JsonMembers members;
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
    std::string_view rest = text.substr(1);
    while (rest != "}") {
        const auto key_length = string_length(rest);
        const auto key = parse_json_string(rest.substr(0, key_length));
        if (!key || rest.substr(key_length, 1) != ":") return std::nullopt;
        rest.remove_prefix(key_length + 1);
        const auto length = value_length(rest);
        if (length == 0) return std::nullopt;
        members.emplace_back(*key, rest.substr(0, length));
        rest.remove_prefix(length);
        if (rest.empty() || (rest.front() != ',' && rest != "}")) return std::nullopt;
        if (rest.front() == ',') rest.remove_prefix(1);
    }
    return members;
}

}  // namespace logfia::test
