#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

/// How much of a name may be taken for made up.
enum class Guessing : std::uint8_t {
    allowed,  ///< also short words that mix digits and letters at random, as those of mkstemp(3)
    off,  ///< only what no word can be: digits, UUIDs, long hashes, `tmp` with random characters
};

/// The name with `*` in place of what programs make up: digits, UUIDs, hashes, and words that mix
/// digits and letters at random. A name without any comes back as it is. With Guessing::allowed the
/// result is a guess: only names that turn out alike may be grouped.
std::string without_random_parts(std::string_view name, Guessing guessing = Guessing::allowed);

}  // namespace logfia
