#include "command.hpp"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <span>
#include <string>
#include <thread>

/// A filesystem of this process's own, which stops answering on command (fuse(4), <linux/fuse.h>).
/// The filesystem is mounted in a mount namespace of its own, so that the mount ends with the
/// process. No caller is stuck for ever: a request that was not taken yet can be interrupted by
/// SIGKILL, and the kernel refuses all requests once /dev/fuse is closed.
namespace fd_maker {
namespace {

int device = -1;
std::atomic<bool> hung = false;

/// Every name in the root directory is an empty file.
constexpr std::uint64_t kRoot = FUSE_ROOT_ID;
constexpr std::uint64_t kFirstFile = 2;

fuse_attr attributes_of(std::uint64_t node) {
    fuse_attr attributes{};
    attributes.ino = node;
    attributes.mode = node == kRoot ? S_IFDIR | 0755 : S_IFREG | 0644;
    attributes.nlink = 1;
    attributes.blksize = 4096;
    return attributes;
}

void reply(std::uint64_t unique, int error, const void* body = nullptr, std::size_t length = 0) {
    std::array<std::byte, 512> bytes{};
    const fuse_out_header header{static_cast<std::uint32_t>(sizeof header + length), -error,
                                 unique};
    std::memcpy(bytes.data(), &header, sizeof header);
    if (length > 0) std::memcpy(bytes.data() + sizeof header, body, length);
    [[maybe_unused]] const ssize_t sent = write(device, bytes.data(), header.len);
}

template <class Body>
void reply_with(std::uint64_t unique, const Body& body) {
    reply(unique, 0, &body, sizeof body);
}

void reply_to_init(std::uint64_t unique) {
    fuse_init_out init{};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = 31;
    init.max_write = 4096;
    reply_with(unique, init);
}

/// The kernel may cache nothing: each question must be asked again.
void reply_to_lookup(std::uint64_t unique, std::string_view name) {
    fuse_entry_out entry{};
    entry.nodeid = kFirstFile + static_cast<unsigned char>(name.empty() ? 0 : name.front());
    entry.attr = attributes_of(entry.nodeid);
    reply_with(unique, entry);
}

void reply_to_getattr(std::uint64_t unique, std::uint64_t node) {
    fuse_attr_out out{};
    out.attr = attributes_of(node);
    reply_with(unique, out);
}

void serve_one(std::span<const std::byte> request) {
    fuse_in_header in{};
    if (request.size() < sizeof in) return;
    std::memcpy(&in, request.data(), sizeof in);
    const auto* body = reinterpret_cast<const char*>(request.data() + sizeof in);
    switch (in.opcode) {
        case FUSE_INIT:
            return reply_to_init(in.unique);
        case FUSE_LOOKUP:
            return reply_to_lookup(in.unique, body);
        case FUSE_GETATTR:
            return reply_to_getattr(in.unique, in.nodeid);
        case FUSE_OPEN:
        case FUSE_OPENDIR:
            return reply_with(in.unique, fuse_open_out{});
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
            return;  // nobody waits for an answer
        case FUSE_RELEASE:
        case FUSE_RELEASEDIR:
            return reply(in.unique, 0);
        default:
            // FUSE_FLUSH too: after this answer, close(2) never asks again.
            return reply(in.unique, ENOSYS);
    }
}

void serve_filesystem() {
    std::array<std::byte, std::size_t{64} * 1024> request;
    pollfd ready{device, POLLIN, 0};
    while (!hung) {
        // Waits only briefly, since the filesystem may be told to hang.
        if (poll(&ready, 1, 10) <= 0) continue;
        if (hung) break;
        const ssize_t got = read(device, request.data(), request.size());
        if (got > 0) serve_one(std::span(request).first(static_cast<std::size_t>(got)));
        if (got < 0 && errno == ENODEV) return;
    }
    hung = false;  // a reply is heard
}

Reply mount_filesystem(const Words& words) {
    if (device >= 0) return failed(EALREADY);
    if (!leave_mounts()) return failed();
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return failed();
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0) return failed();
    const std::string options =
        "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0";
    if (mount("logfia", words[1].c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) < 0)
        return failed();
    std::thread(serve_filesystem).detach();
    // Closing one here tells the kernel that there is nothing to flush.
    const int fd = open((words[1] + "/x").c_str(), O_RDONLY);
    if (fd < 0) return failed();
    close(fd);
    return ok({device});
}

Reply hang_filesystem(const Words&) {
    hung = true;
    while (hung) sched_yield();
    return ok();
}

Reply serve_again(const Words&) {
    std::thread(serve_filesystem).detach();
    return ok();
}

/// A thread asks for a file; the command answers once that request waits and is not taken.
Reply get_stuck(const Words& words) {
    std::thread([path = words[1]] {
        struct stat status {};
        stat(path.c_str(), &status);
    }).detach();
    pollfd pending{device, POLLIN, 0};
    return poll(&pending, 1, 10'000) == 1 ? ok() : failed(ETIMEDOUT);
}

constexpr std::array kCommands{
    Command{"fuse-mount", "DIR (the descriptor of /dev/fuse)", 1, 1, mount_filesystem},
    Command{"fuse-hang", "", 0, 0, hang_filesystem},
    Command{"fuse-serve", "(again)", 0, 0, serve_again},
    Command{"fuse-stuck", "PATH (a thread waits for it)", 1, 1, get_stuck},
};

}  // namespace

std::span<const Command> fuse_commands() {
    return kCommands;
}

}  // namespace fd_maker
