#include <logfia/procfs/mount_table.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <support/prefixes.hpp>
#include <support/temp_dir.hpp>
#include <thread>

namespace logfia {
namespace {

UniqueFd open_file(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

TEST(MountKind, TrustsOnlyWhatIsKnown) {
    for (const char* type : {"ext4", "xfs", "btrfs", "tmpfs", "proc", "sysfs", "cgroup2", "devpts",
                             "devtmpfs", "squashfs", "zfs", "vfat", "rootfs", "bcachefs"}) {
        EXPECT_EQ(mount_kind(type), MountKind::local) << type;
    }
    for (const char* type :
         {"nfs", "nfs4", "9p", "cifs", "fuse", "fuse.sshfs", "fuseblk", "ceph"}) {
        EXPECT_EQ(mount_kind(type), MountKind::remote) << type;
    }
    // The layers of an overlay may lie anywhere.
    for (const char* type : {"overlay", "autofs", "ext", "ext4.x", "ext44", "", "new", "nsfs2"}) {
        EXPECT_EQ(mount_kind(type), MountKind::unknown) << type;
    }
    EXPECT_EQ(mount_kind("nsfs"), MountKind::namespaces);
}

TEST(ParseMountRow, ReadsTheIdTheDeviceAndTheKind) {
    const auto entry = [](std::string_view row) { return parse_mount_row(row); };
    EXPECT_EQ(entry("36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue"),
              (MountEntry{36, MountKind::local, {98, 0}}));
    EXPECT_EQ(entry("36 35 0:47 / /mnt rw - nfs4 server:/a rw"),
              (MountEntry{36, MountKind::remote, {0, 47}}));
    EXPECT_EQ(entry("36 35 0:47 /a\\040b //deleted rw shared:1 master:2 unbindable - tmpfs  rw"),
              (MountEntry{36, MountKind::local, {0, 47}}));
    EXPECT_EQ(entry("36 35 0:4 net:[4026532281] /run/netns/a rw shared:5 - nsfs nsfs rw"),
              (MountEntry{36, MountKind::namespaces, {0, 4}}));
}

TEST(ParseMountRow, OddRowsAreNone) {
    for (const char* row :
         {"", "36", "x 35 98:0 / / rw - ext3 a rw", "-1 35 98:0 / / rw - ext3 a rw",
          "36 35 980 / / rw - ext3 a rw", "36 35 98: / / rw - ext3 a rw",
          "36 35 98:0:1 / / rw - ext3 a rw", "36 35 98:0 / / rw ext3 a rw", "36 35 98:0 / / rw -",
          "36 35 98:0 / / rw - ", "2147483648 35 98:0 / / rw - ext3 a rw",
          "36 35 4294967296:0 / / rw - ext3 a rw"}) {
        EXPECT_FALSE(parse_mount_row(row)) << row;
    }
}

TEST(ParseMountRow, ARowThatIsCutIsNoneOrSaysTheSame) {
    const std::string_view whole = "36 35 98:0 / /mnt rw,noatime master:1 - nsfs /dev/root rw";
    const auto entry = parse_mount_row(whole);
    test::for_each_prefix(whole, [&](std::string_view cut) {
        const auto got = parse_mount_row(cut);
        const bool enough = cut.size() > whole.find("nsfs") + 4;
        EXPECT_EQ(got.has_value(), enough) << cut;
        if (got) {
            EXPECT_EQ(got, entry);
        }
    });
}

TEST(MountTable, FindsMountsAndSkipsOddRows) {
    const test::TempDir tree;
    tree.write("mountinfo",
               "40 1 8:1 / / rw - ext4 /dev/sda1 rw\nnonsense\n"
               "7 40 0:5 / /nfs rw - nfs a:/ rw\n"
               "50 40 0:6 / /a rw - tmpfs a rw\n50 40 0:7 / /b rw - nfs a:/ rw\n"
               "60 40 0:8 / /cut rw - tmpfs a rw");
    auto table = MountTable::open(tree.fd());
    EXPECT_EQ(table.find(40).kind, MountKind::unlisted) << "nothing was read yet";
    table.refresh();
    EXPECT_EQ(table.find(40), (MountEntry{40, MountKind::local, {8, 1}}));
    EXPECT_EQ(table.find(7).kind, MountKind::remote);
    EXPECT_EQ(table.find(50).kind, MountKind::unknown) << "two mounts claim that id";
    EXPECT_EQ(table.find(60).kind, MountKind::unlisted) << "the row was cut";
    EXPECT_EQ(table.find(8).kind, MountKind::unlisted);
    EXPECT_EQ(table.find(-1).kind, MountKind::unlisted);
    EXPECT_EQ(table.rows_skipped(), 2U);
    table.refresh();
    EXPECT_EQ(table.times_read(), 1U) << "a plain file never says that it changed";
}

TEST(MountTable, WithoutAFileNothingIsKnown) {
    const test::TempDir tree;
    auto table = MountTable::open(tree.fd());
    table.refresh();
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.find(1).kind, MountKind::unlisted);

    MountTable directory(UniqueFd(::open(tree.path().c_str(), O_RDONLY | O_CLOEXEC)));
    directory.refresh();
    EXPECT_EQ(directory.size(), 0U);
}

TEST(MountTable, KnowsTheProcfsThatItReads) {
    MountTable table(open_file("/proc/self/mountinfo"));
    table.refresh();
    EXPECT_EQ(table.rows_skipped(), 0U);
    EXPECT_GT(table.size(), 0U);

    const auto file = open_file("/proc/self/fdinfo/0");
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    char bytes[256] = {};
    const auto path = "/proc/self/fdinfo/" + std::to_string(file.get());
    const auto info = open_file(path);
    ASSERT_GT(::read(info.get(), bytes, sizeof bytes - 1), 0);
    const char* const line = std::strstr(bytes, "mnt_id:\t");
    ASSERT_NE(line, nullptr);
    const auto entry = table.find(std::stoi(line + 8));
    EXPECT_EQ(entry.kind, MountKind::local);
    EXPECT_EQ(entry.device, (DeviceNumber{major(status.st_dev), minor(status.st_dev)}));
}

/// In a child, since there is no way back out of it: true when the mount below is known.
bool knows_the_mount_below(const std::string& directory) {
    const auto proc = open_file("/proc");
    if (::chroot(directory.c_str()) != 0 || ::chdir("/") != 0) return false;
    struct statx status {};
    if (::statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &status) != 0) return false;
    MountTable listed(UniqueFd(::openat(proc.get(), "self/mountinfo", O_RDONLY | O_CLOEXEC)));
    MountTable table = MountTable::of_ourselves(proc.get());
    listed.refresh();
    table.refresh();
    const int id = static_cast<int>(status.stx_mnt_id);
    return listed.find(id).kind == MountKind::unlisted &&
           table.find(id).kind != MountKind::unlisted && table.size() == listed.size() + 1;
}

TEST(MountTable, KnowsTheMountBelowAChroot) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may chroot(2)";
    const test::TempDir directory;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(knows_the_mount_below(directory.path()) ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/// Runs in a thread of its own, whose mount namespace it changes.
void follow_a_mount(const std::string& directory, std::string& skipped) {
    if (::unshare(CLONE_NEWNS) != 0) {
        skipped = std::string("a mount namespace of its own is not permitted: ") + strerror(errno);
        return;
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        skipped = std::string("the root is no mount point (a chroot): ") + strerror(errno);
        return;
    }
    MountTable table(open_file("/proc/thread-self/mountinfo"));
    table.refresh();
    const auto before = table.size();
    table.refresh();
    table.refresh();
    EXPECT_EQ(table.times_read(), 1U) << "nothing has changed";

    ASSERT_EQ(::mount("logfia", directory.c_str(), "tmpfs", 0, nullptr), 0) << strerror(errno);
    table.refresh();
    EXPECT_EQ(table.times_read(), 2U);
    EXPECT_EQ(table.size(), before + 1);
    table.refresh();
    EXPECT_EQ(table.times_read(), 2U);

    ASSERT_EQ(::umount2(directory.c_str(), MNT_DETACH), 0) << strerror(errno);
    table.refresh();
    EXPECT_EQ(table.times_read(), 3U);
    EXPECT_EQ(table.size(), before);
}

TEST(MountTable, IsReadAgainWhenTheNamespaceHasChanged) {
    const test::TempDir directory;
    std::string skipped;
    std::thread(follow_a_mount, directory.path(), std::ref(skipped)).join();
    if (!skipped.empty()) GTEST_SKIP() << skipped;
}

}  // namespace
}  // namespace logfia
