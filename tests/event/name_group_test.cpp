#include <logfia/event/name_group.hpp>

#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

struct Named {
    const char* name;
    const char* group;
    const char* certain;  // without guessing
};

TEST(NameGroup, WhatProgramsMakeUpIsAStar) {
    const Named table[] = {
        {"42", "*", "*"},
        {"/tmp/tmpf1", "/tmp/tmpf*", "/tmp/tmpf*"},
        {"/proc/1234/stat", "/proc/*/stat", "/proc/*/stat"},
        {"/var/log/app.log.12", "/var/log/app.log.*", "/var/log/app.log.*"},
        {"/tmp/ccXaQkZb.o", "/tmp/cc*.o", "/tmp/ccXaQkZb.o"},
        {"/tmp/ccIqpzX2.s", "/tmp/cc*.s", "/tmp/ccIqpzX*.s"},
        {"/tmp/ccMixWg4.ltrans0.o", "/tmp/cc*.ltrans*.o", "/tmp/ccMixWg*.ltrans*.o"},
        {"/tmp/a8f3kq", "/tmp/*", "/tmp/a*f*kq"},
        {"/x/e3b0c44298fc1c149afbf4c8996fb924.bin", "/x/*.bin", "/x/*.bin"},
        {"/x/e3b0c44.bin", "/x/*.bin", "/x/e*b*c*.bin"},
        {"/run/550e8400-e29b-41d4-a716-446655440000", "/run/*", "/run/*"},
        {"/run/x-ABCDEFAB-ABCD-ABCD-ABCD-ABCDEFABCDEF.d", "/run/x-*.d", "/run/x-*.d"},
        {"/run/550e8400-e29b-41d4-a716-4466554400001", "/run/*-e*b-*d*-a*-*",
         "/run/*e*-e*b-*d*-a*-*"},
        {"/tmp/tmpbdqfcgz1", "/tmp/tmp*", "/tmp/tmp*"},
        {"/tmp/tmpka0kz9_e/x", "/tmp/tmp*/x", "/tmp/tmp*/x"},
        {"/tmp/tmpka.0kz9_e", "/tmp/tmpka.*kz*_e", "/tmp/tmpka.*kz*_e"},
        {"/dev/pts/3", "/dev/pts/*", "/dev/pts/*"},
        {"/usr/lib/libc6.so", "/usr/lib/libc*.so", "/usr/lib/libc*.so"},
    };
    for (const auto& [name, group, certain] : table) {
        EXPECT_EQ(without_random_parts(name), group) << name;
        EXPECT_EQ(without_random_parts(name, Guessing::off), certain) << name;
    }
}

/// A name of letters alone may be a word: folding it would be guessing.
TEST(NameGroup, WordsStay) {
    for (const char* name : {"",
                             "/",
                             "/etc/passwd",
                             "/var/log/access.log",
                             "/var/log/error.log",
                             "README",
                             "/usr/share/fooBarBaz",
                             "/x/CamelCaseName",
                             "/x/ALLCAPS",
                             "/x/iPhone",
                             "/x/strengths",
                             "/tmp",
                             "/x/tmpfs",
                             "/x/mytmpfiles.d",
                             "/caf\xc3\xa9/\xff\xfe",
                             "/a b/(c)",
                             "/x/qzkwbf",
                             "/x/abcdef",
                             "/x/deadbeefdeadbeefdead",
                             "/x/ccaching.c",
                             "/x/ccIqpzX"}) {
        EXPECT_EQ(without_random_parts(name), name);
        EXPECT_EQ(without_random_parts(name, Guessing::off), name);
    }
}

TEST(NameGroup, TakesWhateverLength) {
    const std::string name = "/" + std::string(4000, '7') + "/" + std::string(4000, 'x');
    EXPECT_EQ(without_random_parts(name), "/*/" + std::string(4000, 'x'));
}

}  // namespace
}  // namespace logfia
