#include <logfia/base/unique_fd.hpp>
#include <logfia/process/gained_rights.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace logfia {
namespace {

/// Longer than any version of the attribute; a longer one is not the kernel's.
constexpr std::size_t kCapabilityRoom = 64;

std::string read_capabilities(const char* path) {
    std::array<char, kCapabilityRoom> bytes{};
    const ssize_t length = getxattr(path, "security.capability", bytes.data(), bytes.size());
    return length <= 0 ? std::string()
                       : std::string(bytes.data(), static_cast<std::size_t>(length));
}

/// False also when the file may be run but not read: only its user can make a script run, by
/// reading it.
bool is_script(const char* path) {
    const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    std::array<char, 2> begin{};
    return file && pread(file.get(), begin.data(), begin.size(), 0) == ssize_t{begin.size()} &&
           begin[0] == '#' && begin[1] == '!';
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

/// True when the attribute (struct vfs_cap_data in linux/capability.h) permits any capability at
/// all. What it only makes inheritable needs a process that has it already.
bool permits_any(std::string_view bytes) {
    if (bytes.size() < XATTR_CAPS_SZ_1) return false;
    if (little_endian(bytes, 4) != 0) return true;
    const bool has_upper_half =
        (little_endian(bytes, 0) & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_1;
    return has_upper_half && bytes.size() >= XATTR_CAPS_SZ_2 && little_endian(bytes, 12) != 0;
}

}  // namespace

std::optional<ProgramFile> read_program_file(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    // Calls that read attributes or content refuse an O_PATH descriptor (EBADF), not its link.
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    ProgramFile file;
    file.mode = status.st_mode;
    file.owner = status.st_uid;
    file.group = status.st_gid;
    file.capabilities = read_capabilities(path.c_str());
    if ((file.mode & (S_ISUID | S_ISGID)) == 0 && file.capabilities.empty()) return file;
    struct statvfs mount {};
    file.nosuid = fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0;
    file.script = is_script(path.c_str());
    return file;
}

std::optional<ProgramFile> read_program_file(const std::string& path) {
    const UniqueFd file(open(path.c_str(), O_PATH | O_CLOEXEC));
    return file ? read_program_file(file.get()) : std::nullopt;
}

GainedRights gained_rights(const ProgramFile& file, EffectiveIds ours) {
    GainedRights rights;
    if (file.nosuid || file.script) return rights;
    if ((file.mode & S_ISUID) != 0 && file.owner != ours.user) rights.user = file.owner;
    // Without the right of the group to run the file, the bit once meant mandatory locks.
    constexpr mode_t kSetsGroup = S_ISGID | S_IXGRP;
    if ((file.mode & kSetsGroup) == kSetsGroup && file.group != ours.group)
        rights.group = file.group;
    // Root has all that it may have, whatever the file permits (capabilities(7)).
    rights.capabilities = ours.user != 0 && permits_any(file.capabilities);
    return rights;
}

std::string missed_rights_notice(std::string_view program, const GainedRights& rights,
                                 std::string_view user_name) {
    std::vector<std::string> has;
    if (rights.user)
        has.push_back(user_name.empty() ? fmt::format("is set-user-ID {}", *rights.user)
                                        : fmt::format("is set-user-ID {}", user_name));
    if (rights.group) has.push_back(fmt::format("is set-group-ID {}", *rights.group));
    if (rights.capabilities) has.emplace_back("has file capabilities");
    return fmt::format(
        "{} {}, but without CAP_SYS_ADMIN no program gains rights under -X: it runs without them",
        program, fmt::join(has, " and "));
}

}  // namespace logfia
