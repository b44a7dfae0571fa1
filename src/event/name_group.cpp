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

bool is_made_up(std::string_view word) {
    constexpr std::size_t kShortest = 6;  // mkstemp's XXXXXX
    return word.size() >= kShortest && (has_digit_inside(word) || has_odd_capitals(word));
}

/// Names such as mktemp makes: the prefix, and random characters that may include `_`.
bool is_temporary(std::string_view component) {
    constexpr std::string_view kPrefix = "tmp";
    constexpr std::size_t kShortest = kPrefix.size() + 6;
    return component.size() >= kShortest && component.starts_with(kPrefix) &&
           std::all_of(component.begin(), component.end(),
                       [](char c) { return is_word(c) || c == '_'; });
}

void append_word(std::string& out, std::string_view word) {
    if (is_made_up(word))
        out += '*';
    else
        out += without_digits(word);
}

}  // namespace

std::string without_digits(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (!is_digit(name[i]))
            out += name[i];
        else if (i == 0 || !is_digit(name[i - 1]))
            out += '*';
    }
    return out;
}

std::string without_random_parts(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const std::string_view component = name.substr(0, name.find('/'));
        if (is_temporary(component) && (out.empty() || out.back() == '/')) {
            out += "tmp*";
            name.remove_prefix(component.size());
            continue;
        }
        const auto end = std::find_if_not(name.begin(), name.end(), is_word);
        const auto length = static_cast<std::size_t>(end - name.begin());
        append_word(out, name.substr(0, length));
        if (length < name.size()) out += name[length];
        name.remove_prefix(std::min(length + 1, name.size()));
    }
    return out;
}

}  // namespace logfia
