#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// A character of UTF-8: its code point, and how many bytes it takes (1 to 4).
struct Utf8Character {
    std::uint32_t code_point = 0;
    std::size_t length = 0;
};

/// The first character of `bytes`, which must not be empty. Nothing when the bytes do not begin
/// with valid UTF-8 (RFC 3629): a stray or missing continuation byte, an overlong form, a
/// surrogate, a code point above U+10FFFF.
std::optional<Utf8Character> decode_utf8(std::string_view bytes);

bool is_valid_utf8(std::string_view bytes);

/// True for what could move a terminal's cursor, break a line or turn a text around: C0, DEL, C1
/// and the bidirectional controls.
bool is_unsafe(std::uint32_t code_point);

/// Appends any bytes as one line of text that is safe on a terminal: `\\`, `\n`, `\t`; other unsafe
/// characters and bytes that are not valid UTF-8 as `\xhh` for each byte. All other bytes are kept,
/// so that the original can be recovered.
void append_escaped(std::string& out, std::string_view bytes);

/// Escapes one word of `COMM[PID]`: as append_escaped(), with spaces, `[` and `]` as `\xhh` too.
void append_escaped_word(std::string& out, std::string_view bytes);

/// Appends one line that the program says about itself: `logfia: TEXT`, whatever bytes are in TEXT.
/// Every message on standard error must go through here: words of the command line and names of
/// files and processes are not to be trusted.
void append_message(std::string& out, std::string_view text);

/// Appends a quoted JSON string (RFC 8259) of valid UTF-8. Unsafe characters become `\uhhhh`; each
/// byte that is not valid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view bytes);

/// Appends two lowercase hexadecimal digits for each byte.
void append_hex(std::string& out, std::string_view bytes);

}  // namespace logfia
