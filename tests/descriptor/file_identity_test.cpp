#include <logfia/descriptor/file_identity.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

namespace logfia {
namespace {

constexpr std::nullopt_t kNone = std::nullopt;

bool renamed(std::string_view before, const FileIdentity& a, std::string_view after,
             const FileIdentity& b) {
    return is_renamed({before, a}, {after, b});
}

TEST(FileIdentity, TheSameInodeOnTheSameMountIsARename) {
    const FileIdentity plain{28, 9, kNone, 0};
    EXPECT_TRUE(renamed("/tmp/m/seg", plain, "/seg", plain));
    EXPECT_TRUE(renamed("/a", plain, "/b (deleted)", plain));
    EXPECT_TRUE(renamed("/a", {28, 9, 7, 0}, "/b", {28, 9, 7, 0}));
    EXPECT_TRUE(renamed("/a", {28, 9, 7, 0}, "/b", plain)) << "its mount is gone";
    EXPECT_TRUE(renamed("/a", {28, 9, kNone, kNone}, "/b", plain));
}

TEST(FileIdentity, WhateverContradictsIsAnotherFile) {
    const FileIdentity one{28, 9, 7, O_RDWR};
    EXPECT_FALSE(renamed("/a", one, "/b", {28, 9, 8, O_RDWR})) << "the inode was given again";
    EXPECT_FALSE(renamed("/a", one, "/b", {28, 10, 7, O_RDWR}));
    EXPECT_FALSE(renamed("/a", one, "/b", {29, 9, 7, O_RDWR}));
    EXPECT_FALSE(renamed("/a", one, "/b", {28, 9, 7, O_RDONLY}));
}

TEST(FileIdentity, NothingKnownIsNoProof) {
    const FileIdentity one{28, 9, 7, 0};
    EXPECT_FALSE(renamed("/a", one, "/b", {}));
    EXPECT_FALSE(renamed("/a", {}, "/b", {}));
    EXPECT_FALSE(renamed("/a", {kNone, 9, kNone}, "/b", {kNone, 9, kNone}));
    EXPECT_FALSE(renamed("/a", {28, kNone, kNone}, "/b", {28, kNone, kNone}));
    EXPECT_FALSE(renamed("pipe:[9]", one, "/b", one)) << "only what has a path";
    EXPECT_FALSE(renamed("/a", one, "anon_inode:[eventfd]", one));
}

TEST(FileIdentity, FlagsThatCanBeChangedDoNotCount) {
    const std::uint32_t changeable =
        O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME | O_CLOEXEC;
    EXPECT_EQ(fixed_flags(changeable), 0U);
    EXPECT_EQ(fixed_flags(changeable | O_WRONLY), static_cast<std::uint32_t>(O_WRONLY));
    for (const int flag : {O_RDWR, O_PATH, O_DIRECTORY, O_TMPFILE, O_SYNC, O_DSYNC})
        EXPECT_EQ(fixed_flags(static_cast<std::uint32_t>(flag)), static_cast<std::uint32_t>(flag));
}

TEST(FileIdentity, WhatMayNotBeAskedAnyMoreIsKept) {
    Descriptor before;
    before.type = FdType::file;
    before.access = Access::write;
    before.device = DeviceNumber{8, 1};
    before.size = 5;
    before.pos = 3;
    Descriptor after;
    after.pos = 4;
    keep_what_was_known(before, after);
    EXPECT_EQ(after.type, FdType::file);
    EXPECT_EQ(after.access, Access::write);
    EXPECT_EQ(after.device, (DeviceNumber{8, 1}));
    EXPECT_EQ(after.size, 5U);
    EXPECT_EQ(after.pos, 4);
}

}  // namespace
}  // namespace logfia
