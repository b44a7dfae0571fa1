#include <logfia/event/name_group.hpp>

#include <algorithm>
#include <cstddef>

namespace logfia {
namespace {

// In ASCII, whatever the locale: names are bytes.
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_word(char c) {
    return is_digit(c) || is_lower(c) || is_upper(c);
}

bool is_vowel(char c) {
    return std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos;
}

/// A letter after a digit, as in no word: `a8f3kq`, `e3b0c442`; but not `libc6` or `x86`.
bool has_digit_inside(std::string_view word) {
    for (std::size_t i = 0; i + 1 < word.size(); ++i)
        if (is_digit(word[i]) && !is_digit(word[i + 1])) return true;
    return false;
}

/// Capitals where neither a word nor CamelCase has them (`XaQkZb`), or mixed case without a vowel.
bool has_odd_capitals(std::string_view word) {
    std::size_t switches = 0;
    for (std::size_t i = 0; i + 1 < word.size(); ++i)
        if (is_upper(word[i]) != is_upper(word[i + 1])) ++switches;
    const bool speakable = std::any_of(word.begin(), word.end(), is_vowel);
    return switches * 2 > word.size() || (switches > 1 && !speakable);
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Long and random: of a hash, or of a UUID without its hyphens.
bool is_hash(std::string_view word) {
    constexpr std::size_t kShortest = 16;
    return word.size() >= kShortest && std::all_of(word.begin(), word.end(), is_hex) &&
           std::any_of(word.begin(), word.end(), is_digit);
}

bool is_made_up(std::string_view word) {
    constexpr std::size_t kShortest = 6;  // mkstemp's XXXXXX
    return word.size() >= kShortest && (has_digit_inside(word) || has_odd_capitals(word));
}

constexpr std::size_t kUuidLength = 36;

/// Whether a UUID stands at the beginning: 8, 4, 4, 4 and 12 hexadecimal digits (RFC 9562).
bool begins_with_uuid(std::string_view text) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    static_assert(kForm.size() == kUuidLength);
    if (text.size() < kForm.size()) return false;
    if (text.size() > kForm.size() && is_word(text[kForm.size()])) return false;
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == '-' ? text[i] != '-' : !is_hex(text[i])) return false;
    return true;
}

/// Names such as mktemp makes: the prefix, and random characters that may include `_`.
bool is_temporary(std::string_view component) {
    constexpr std::string_view kPrefix = "tmp";
    constexpr std::size_t kShortest = kPrefix.size() + 6;
    return component.size() >= kShortest && component.starts_with(kPrefix) &&
           std::all_of(component.begin(), component.end(),
                       [](char c) { return is_word(c) || c == '_'; });
}

constexpr std::size_t kCompilersLength = 8;

/// Names that gcc makes for its intermediate files: `cc`, six random characters and a suffix.
bool is_compilers(std::string_view component) {
    if (component.size() <= kCompilersLength || component[kCompilersLength] != '.') return false;
    const std::string_view made_up = component.substr(2, kCompilersLength - 2);
    return component.starts_with("cc") && std::all_of(made_up.begin(), made_up.end(), is_word) &&
           !std::all_of(made_up.begin(), made_up.end(), is_lower);
}

void append_without_digits(std::string& out, std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (!is_digit(word[i]))
            out += word[i];
        else if (i == 0 || !is_digit(word[i - 1]))
            out += '*';
    }
}

void append_word(std::string& out, std::string_view word, Guessing guessing) {
    if (is_hash(word) || (guessing == Guessing::allowed && is_made_up(word)))
        out += '*';
    else
        append_without_digits(out, word);
}

/// Appends what stands for the start of `rest`, and returns how many bytes that is. `is_first`:
/// of a component of a path.
std::size_t append_start(std::string& out, std::string_view rest, bool is_first,
                         Guessing guessing) {
    const std::string_view component = rest.substr(0, rest.find('/'));
    if (is_first && is_temporary(component)) {
        out += "tmp*";
        return component.size();
    }
    if (is_first && guessing == Guessing::allowed && is_compilers(component)) {
        out += "cc*";
        return kCompilersLength;
    }
    if (begins_with_uuid(rest)) {
        out += '*';
        return kUuidLength;
    }
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_word);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    append_word(out, rest.substr(0, length), guessing);
    if (length == rest.size()) return length;
    out += rest[length];
    return length + 1;
}

}  // namespace

std::string without_random_parts(std::string_view name, Guessing guessing) {
    std::string out;
    out.reserve(name.size());
    for (std::size_t at = 0; at < name.size();)
        at += append_start(out, name.substr(at), at == 0 || name[at - 1] == '/', guessing);
    return out;
}

}  // namespace logfia
