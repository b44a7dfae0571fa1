#pragma once

#include <logfia/event/event.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// The original bytes of escaped text (base/escape.hpp).
std::string unescaped(std::string_view text);

/// A single line, its newline included, of valid UTF-8, in which nothing moves a cursor or turns
/// the text around. By rules of its own, not by those of the code that is tested.
bool is_harmless_line(std::string_view line);

/// Records that bear these names, which may be of any bytes but NUL: those are parted by NUL in
/// `bytes`, and are a file's name and its old one, a comm, the path of a unix socket, a reason and
/// a stranger's answer to a reverse look-up.
struct NamedEvents {
    std::vector<Event> events;
    std::string host;
};
NamedEvents events_named(std::string_view bytes);

/// Called with what must hold, and whether it does.
using Check = std::function<void(bool holds, const char* what)>;

/// Writes every event as text (brief, long, coloured) and as JSON, and all of them as a summary and
/// as leaks of both kinds, and checks that each record is a harmless line from which the bytes can
/// be recovered.
void check_records(const NamedEvents& named, const Check& check);

}  // namespace logfia::test
