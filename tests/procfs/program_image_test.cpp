#include "support/prefixes.hpp"
#include <logfia/procfs/proc_stat.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace logfia {
namespace {

/// All 52 fields; the number of each is its value, but for those given.
std::string row(const std::string& comm, const std::string& stack, const std::string& arguments) {
    std::string text = "42 (" + comm + ") S";
    for (int number = 4; number <= 52; ++number)
        text += " " + (number == 28 ? stack : number == 48 ? arguments : std::to_string(number));
    return text + "\n";
}

TEST(ParseProgramImage, ReadsBothAddresses) {
    EXPECT_EQ(parse_program_image(row("a", "140737488347136", "18446744073709551615")),
              (ProgramImage{140737488347136, 18446744073709551615U}));
}

TEST(ParseProgramImage, ANameMayHoldAnything) {
    for (const std::string comm : {"", ")", "(", "a b", ") S 1 2", "a\nb", "\xff"})
        EXPECT_EQ(parse_program_image(row(comm, "7", "8")), (ProgramImage{7, 8})) << comm;
}

TEST(ParseProgramImage, WhatIsHiddenIsAbsent) {
    EXPECT_FALSE(parse_program_image(row("a", "0", "0")));
    EXPECT_FALSE(parse_program_image(row("a", "x", "8")));
}

TEST(ParseProgramImage, ACutOrOddRowIsNone) {
    const std::string whole = row("a", "7", "8");
    const auto upto = std::string_view(whole).substr(0, whole.find(" 8 49") + 3);
    ASSERT_TRUE(parse_program_image(upto));
    test::for_each_prefix(upto.substr(0, upto.size() - 1), [](std::string_view cut) {
        EXPECT_FALSE(parse_program_image(cut)) << cut;
    });
    for (const std::string odd : {"", "\n", "42", "42 (a", "x (a) S 1", "42 (a) SS 1"})
        EXPECT_FALSE(parse_program_image(odd)) << odd;
}

TEST(ParseProgramImage, AgreesWithTheKernel) {
    std::ostringstream bytes;
    bytes << std::ifstream("/proc/self/stat").rdbuf();
    const auto image = parse_program_image(bytes.str());
    ASSERT_TRUE(image);
    EXPECT_NE(image->arguments, 0U);
}

}  // namespace
}  // namespace logfia
