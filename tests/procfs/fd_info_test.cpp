#include <logfia/procfs/fd_info.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>
#include <support/prefixes.hpp>

namespace logfia {
namespace {

TEST(ParseFdInfo, ReadsTheFourLinesThatEveryDescriptorHas) {
    const auto info =
        parse_fd_info("pos:\t4096\nflags:\t0100002\nmnt_id:\t24\nino:\t18446744073709551615\n");
    EXPECT_EQ(info.pos, 4096);
    EXPECT_EQ(info.flags, 0100002U);
    EXPECT_EQ(info.mount_id, 24);
    EXPECT_EQ(info.inode, UINT64_MAX);
}

TEST(ParseFdInfo, WhatAnOlderKernelDoesNotTellIsAbsent) {
    const auto info = parse_fd_info("pos:\t0\nflags:\t02\nmnt_id:\t15\n");
    EXPECT_EQ(info.mount_id, 15);
    EXPECT_FALSE(info.inode);
}

TEST(ParseFdInfo, OtherLinesAndSecondOnesAreIgnored) {
    const auto info = parse_fd_info(
        "pos:\t-1\nflags:\t02\nmnt_id:\t16\nino:\t31\nsize:\t7\n"
        "tfd:        5 events:       19 data:  5  pos:0 ino:7 sdev:8\n"
        "name:\tmine\nino:\t99\npos:\t5\n\nino\n:\n");
    EXPECT_EQ(info.pos, -1);
    EXPECT_EQ(info.inode, 31U);
}

TEST(ParseFdInfo, OddValuesAreAbsent) {
    for (const char* bytes :
         {"flags:\t0128\n", "flags:\t-2\n", "flags:\t\n", "flags:\n", "flags: 02 3\n",
          "flags:\t077777777777777\n", "pos:\t9223372036854775808\n", "pos:\t1x\n",
          "mnt_id:\t0x10\n", "mnt_id:\t2147483648\n", "ino:\t-1\n", "ino:\t+1\n", " \n", "\n\n",
          "POS:\t1\n"}) {
        EXPECT_EQ(parse_fd_info(bytes), FdInfo{}) << bytes;
    }
    EXPECT_EQ(parse_fd_info(std::string_view("pos:\t1\0\n", 8)), FdInfo{});
}

TEST(ParseFdInfo, ACutLineIsNotTrusted) {
    const std::string_view whole = "pos:\t1234\nflags:\t0100002\nmnt_id:\t24\nino:\t77\n";
    test::for_each_prefix(whole, [&](std::string_view cut) {
        const auto info = parse_fd_info(cut);
        EXPECT_EQ(info.pos.value_or(1234), 1234);
        EXPECT_EQ(info.flags.value_or(0100002), 0100002U);
        EXPECT_EQ(info.mount_id.value_or(24), 24);
        EXPECT_FALSE(info.inode);
    });
}

TEST(ParseFdInfo, AgreesWithTheKernel) {
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    struct stat status {};
    ASSERT_EQ(::fstat(fd, &status), 0);
    ASSERT_EQ(::lseek(fd, 17, SEEK_SET), 17);
    std::ostringstream bytes;
    bytes << std::ifstream("/proc/self/fdinfo/" + std::to_string(fd)).rdbuf();
    ::close(fd);

    const auto info = parse_fd_info(bytes.str());
    EXPECT_EQ(info.pos, 17);
    ASSERT_TRUE(info.flags);
    EXPECT_EQ(*info.flags & static_cast<std::uint32_t>(O_CLOEXEC),
              static_cast<std::uint32_t>(O_CLOEXEC));
    EXPECT_EQ(access_of(*info.flags), Access::read);
    EXPECT_TRUE(info.mount_id);
    if (!info.inode) GTEST_SKIP() << "this kernel's fdinfo has no `ino:` (before 5.14)";
    EXPECT_EQ(*info.inode, status.st_ino);
}

TEST(AccessOf, TellsHowItWasOpened) {
    EXPECT_EQ(access_of(0), Access::read);
    EXPECT_EQ(access_of(0100001), Access::write);
    EXPECT_EQ(access_of(02002), Access::read_write);
    EXPECT_EQ(access_of(03), Access::unknown);
    EXPECT_EQ(access_of(010000000), Access::path);
    EXPECT_EQ(access_of(012000002), Access::path);
}

}  // namespace
}  // namespace logfia
