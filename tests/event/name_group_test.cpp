#include <logfia/event/name_group.hpp>

#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

struct Named {
    const char* name;
    const char* group;
};

TEST(NameGroup, WhatProgramsMakeUpIsAStar) {
    const Named table[] = {
        {"/tmp/tmpf1", "/tmp/tmpf*"},
        {"/proc/1234/stat", "/proc/*/stat"},
        {"/var/log/app.log.12", "/var/log/app.log.*"},
        {"/tmp/ccXaQkZb.o", "/tmp/*.o"},
        {"/tmp/a8f3kq", "/tmp/*"},
        {"/x/e3b0c44298fc1c149afbf4c8996fb924.bin", "/x/*.bin"},
        {"/run/550e8400-e29b-41d4-a716-446655440000", "/run/*-e*b-*d*-a*-*"},
        {"/tmp/tmpbdqfcgz1", "/tmp/tmp*"},
        {"/tmp/tmpka0kz9_e/x", "/tmp/tmp*/x"},
        {"/tmp/tmpka.0kz9_e", "/tmp/tmpka.*kz*_e"},
        {"/dev/pts/3", "/dev/pts/*"},
        {"/usr/lib/libc6.so", "/usr/lib/libc*.so"},
    };
    for (const auto& [name, group] : table) EXPECT_EQ(without_random_parts(name), group) << name;
}

TEST(NameGroup, WordsStay) {
    for (const char* name :
         {"", "/", "/etc/passwd", "/var/log/access.log", "/var/log/error.log", "README",
          "/usr/share/fooBarBaz", "/x/CamelCaseName", "/x/ALLCAPS", "/x/iPhone", "/x/strengths",
          "/tmp", "/x/tmpfs", "/x/mytmpfiles.d", "/caf\xc3\xa9/\xff\xfe", "/a b/(c)"}) {
        EXPECT_EQ(without_random_parts(name), name);
        EXPECT_EQ(without_digits(name), name);
    }
}

TEST(NameGroup, DigitsAloneAreAlikeForLeaks) {
    EXPECT_EQ(without_digits("/x/a8f3kq/100"), "/x/a*f*kq/*");
    EXPECT_EQ(without_digits("42"), "*");
}

TEST(NameGroup, TakesWhateverLength) {
    const std::string name = "/" + std::string(4000, '7') + "/" + std::string(4000, 'x');
    EXPECT_EQ(without_random_parts(name), "/*/" + std::string(4000, 'x'));
}

}  // namespace
}  // namespace logfia
