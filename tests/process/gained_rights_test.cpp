#include "support/temp_dir.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/process/gained_rights.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace logfia {
namespace {

constexpr EffectiveIds kOurs{1000, 1000};

std::string little_endian(const std::vector<std::uint32_t>& numbers) {
    std::string bytes;
    for (const std::uint32_t number : numbers)
        for (unsigned shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(number >> shift & 0xff);
    return bytes;
}

/// CAP_NET_RAW=ep, as setcap(8) writes it.
std::string net_raw() {
    return little_endian(
        {VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, 1U << CAP_NET_RAW, 0, 0, 0});
}

ProgramFile program(mode_t mode, uid_t owner, gid_t group) {
    ProgramFile file;
    file.mode = S_IFREG | mode;
    file.owner = owner;
    file.group = group;
    return file;
}

/// The rights that are gained, in words: "user 0 group 42".
std::string gained(const ProgramFile& file) {
    const GainedRights rights = gained_rights(file, kOurs);
    std::string words;
    if (rights.user) words += "user " + std::to_string(*rights.user) + ' ';
    if (rights.group) words += "group " + std::to_string(*rights.group) + ' ';
    if (rights.capabilities) words += "capabilities ";
    EXPECT_EQ(rights.any(), !words.empty());
    return words;
}

TEST(GainedRights, ComeWithBitsOfOthers) {
    EXPECT_EQ(gained(program(0755, 0, 0)), "");
    EXPECT_EQ(gained(program(04755, 0, 0)), "user 0 ");
    EXPECT_EQ(gained(program(04711, 33, 0)), "user 33 ");
    EXPECT_EQ(gained(program(04755, 1000, 0)), "") << "our own";
    EXPECT_EQ(gained(program(02755, 0, 42)), "group 42 ");
    EXPECT_EQ(gained(program(02755, 0, 1000)), "") << "our own";
    EXPECT_EQ(gained(program(02745, 0, 42)), "") << "mandatory locks, not the group's program";
    EXPECT_EQ(gained(program(06755, 0, 42)), "user 0 group 42 ");
    EXPECT_EQ(gained(program(01755, 0, 0)), "");
}

TEST(GainedRights, ComeFromNoScriptAndNoMountThatForbidsThem) {
    for (bool ProgramFile::*const forbids : {&ProgramFile::nosuid, &ProgramFile::script}) {
        ProgramFile file = program(06755, 0, 42);
        file.capabilities = net_raw();
        file.*forbids = true;
        EXPECT_EQ(gained(file), "");
    }
}

TEST(GainedRights, ComeWithCapabilitiesOfTheFile) {
    struct Case {
        std::string bytes;
        const char* gained;
    };
    const std::vector<Case> cases{
        {"", ""},
        {net_raw(), "capabilities "},
        {little_endian({VFS_CAP_REVISION_2, 0, 0, 1, 0}), "capabilities "},
        {little_endian({VFS_CAP_REVISION_3, 1, 0, 0, 0, 1000}), "capabilities "},
        {little_endian({VFS_CAP_REVISION_3, 0, 0, 1, 0, 1000}), "capabilities "},
        {little_endian({VFS_CAP_REVISION_1, 1, 0}), "capabilities "},
        {little_endian({VFS_CAP_REVISION_2, 0, 0, 0, 0}), ""},
        {little_endian({VFS_CAP_REVISION_2, 0, 1, 0, 1}), ""},  // merely inheritable
        {little_endian({VFS_CAP_REVISION_1, 0, 0, 1, 0}), ""},  // has no upper half
        {little_endian({VFS_CAP_REVISION_3, 0, 0, 0, 0, 1000}), ""},
        {net_raw().substr(0, 11), ""},
        {net_raw().substr(0, 3), ""},
        {std::string(12, '\xff'), "capabilities "},
        {std::string(64, '\0'), ""},
    };
    for (const Case& one : cases) {
        ProgramFile file = program(0755, 0, 0);
        file.capabilities = one.bytes;
        EXPECT_EQ(gained(file), one.gained) << testing::PrintToString(one.bytes);
    }
}

TEST(GainedRights, RootHasAllCapabilitiesAnyway) {
    ProgramFile file = program(0755, 0, 0);
    file.capabilities = net_raw();
    EXPECT_TRUE(gained_rights(file, {1000, 0}).any());
    EXPECT_FALSE(gained_rights(file, {0, 0}).any());
}

TEST(GainedRights, AreNamedInTheNotice) {
    GainedRights rights;
    rights.user = 0;
    EXPECT_EQ(
        missed_rights_notice("/usr/bin/su", rights, "root"),
        "/usr/bin/su is set-user-ID root, but without CAP_SYS_ADMIN no program gains rights under "
        "-X: it runs without them");
    EXPECT_THAT(missed_rights_notice("x", rights, ""),
                ::testing::StartsWith("x is set-user-ID 0, "));
    rights.group = 42;
    rights.capabilities = true;
    EXPECT_THAT(missed_rights_notice("x", rights, "root"),
                ::testing::StartsWith("x is set-user-ID root and is set-group-ID 42 and has file "
                                      "capabilities, but"));
}

/// Files of our own, asked about as they are.
class ProgramFileTest : public ::testing::Test {
  protected:
    std::string make(const char* name, mode_t mode,
                     std::string_view content =
                         "\x7f"
                         "ELF") {
        std::string path = dir_.file(name, content);
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
        return path;
    }
    test::TempDir dir_;
};

TEST_F(ProgramFileTest, ItsBitsAreReadByPathAndByDescriptor) {
    const std::string path = make("program", 06711);
    const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
    for (auto file : {read_program_file(path), read_program_file(fd.get())}) {
        ASSERT_TRUE(file);
        EXPECT_EQ(file->mode & 07777, mode_t{06711});
        EXPECT_EQ(file->owner, geteuid());
        EXPECT_EQ(file->capabilities, "");
        EXPECT_FALSE(file->script);
        EXPECT_FALSE(gained_rights(*file, {geteuid(), file->group}).any());
        file->nosuid = false;  // the mount of /tmp may forbid it
        EXPECT_EQ(gained_rights(*file, {geteuid() + 1, file->group + 1}),
                  (GainedRights{file->owner, file->group, false}));
    }
}

TEST_F(ProgramFileTest, AScriptIsTold) {
    EXPECT_TRUE(read_program_file(make("script", 04755, "#!/bin/sh\n"))->script);
    EXPECT_TRUE(read_program_file(make("short", 04755, "#!"))->script);
    EXPECT_FALSE(read_program_file(make("shorter", 04755, "#"))->script);
    EXPECT_FALSE(read_program_file(make("empty", 04755, ""))->script);
}

TEST_F(ProgramFileTest, WhatIsNoFileIsAbsent) {
    EXPECT_FALSE(read_program_file(dir_.path("missing")));
    EXPECT_FALSE(read_program_file(dir_.path()));
    EXPECT_FALSE(read_program_file("/dev/null"));
    EXPECT_FALSE(read_program_file(-1));
    const std::string fifo = dir_.path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 04755), 0);
    EXPECT_FALSE(read_program_file(fifo));
}

TEST_F(ProgramFileTest, ALinkIsFollowed) {
    const std::string path = make("program", 04755);
    const std::string link = dir_.path("link");
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    EXPECT_EQ(read_program_file(link)->mode & 07777, mode_t{04755});
}

TEST_F(ProgramFileTest, ItsCapabilitiesAreRead) {
    const std::string path = make("program", 0755);
    const std::string bytes = net_raw();
    if (setxattr(path.c_str(), "security.capability", bytes.data(), bytes.size(), 0) != 0)
        GTEST_SKIP() << "no file can be given capabilities here: " << std::strerror(errno);
    const auto file = read_program_file(path);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->capabilities, bytes);
    EXPECT_EQ(gained_rights(*file, {1000, getegid()}).capabilities, !file->nosuid);
}

/// In a child with mounts of its own. Never returns.
[[noreturn]] void ask_on_a_nosuid_mount(const std::string& dir) {
    constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV;
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", dir.c_str(), "tmpfs", kFlags, nullptr) != 0)
        _exit(2);
    const std::string path = dir + "/program";
    test::write_file(path, "\x7f");
    if (chmod(path.c_str(), 04755) != 0) _exit(2);
    const auto file = read_program_file(path);
    _exit(file && file->nosuid ? 0 : 1);
}

TEST_F(ProgramFileTest, AMountThatForbidsRightsIsTold) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) ask_on_a_nosuid_mount(dir_.path());
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "only root can mount";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace logfia
