#include "command.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

/// Mounts in this process's own namespace, and a number that alternates between two files.
namespace fd_maker {
namespace {

bool write_text(const char* path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return static_cast<bool>(file.flush());
}

Reply done(bool good) {
    return good ? ok() : failed();
}

Reply have_own_mounts(const Words&) {
    return done(leave_mounts() && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
}

Reply mount_tmpfs(const Words& words) {
    return done(mount("fd_maker", words[1].c_str(), "tmpfs", 0, nullptr) == 0);
}

Reply unmount_lazily(const Words& words) {
    return done(umount2(words[1].c_str(), MNT_DETACH) == 0);
}

/// As containers do: the new root has a `dev` and an empty file, the old root is gone.
Reply pivot(const Words& words) {
    const std::string root = words[1];
    const std::string dev = root + "/dev";
    if (mount("fd_maker", root.c_str(), "tmpfs", 0, nullptr) != 0) return failed();
    if (mkdir(dev.c_str(), 0755) != 0) return failed();
    if (mount("/dev", dev.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return failed();
    if (!write_text((root + "/file").c_str(), "")) return failed();
    return done(chdir(root.c_str()) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
                umount2(".", MNT_DETACH) == 0);
}

std::atomic<bool> flipping = false;

/// From now on a third number is one file and the other in turn; the number is never free.
Reply flip(const Words& words) {
    std::vector<int> in_turn;
    for (std::size_t i = 1; i < words.size(); ++i) in_turn.push_back(descriptor(words[i]));
    const int number = dup(in_turn.front());
    if (number < 0) return failed();
    flipping = true;
    std::thread([in_turn, number] {
        while (flipping)
            for (const int one : in_turn) dup2(one, number);
    }).detach();
    return ok({number});
}

Reply stop_flipping(const Words&) {
    flipping = false;
    return ok();
}

/// Alternates two files at a number from another process that shares our table: this process sleeps
/// all the while.
Reply flip_from_outside(const Words& words) {
    const int one = descriptor(words[1]);
    const int other = descriptor(words[2]);
    const auto pause = std::chrono::microseconds(number(word_or(words, 3, "0")));
    const int flipped = dup(one);
    if (flipped < 0) return failed();
    const pid_t parent = getpid();
    const auto pid = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (pid < 0) return failed();
    if (pid > 0) return ok({flipped, pid});
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        for (const int next : {other, one}) {
            dup2(next, flipped);
            if (pause.count() > 0) std::this_thread::sleep_for(pause);
        }
    _exit(0);
}

constexpr std::array kCommands{
    Command{"own-mounts", "(a mount namespace of its own)", 0, 0, have_own_mounts},
    Command{"mount-tmpfs", "DIR", 1, 1, mount_tmpfs},
    Command{"umount-lazily", "DIR", 1, 1, unmount_lazily},
    Command{"pivot", "DIR (becomes the root, with dev/ and file)", 1, 1, pivot},
    Command{"flip", "FD FD [FD] (the number of what is all of them in turn)", 2, 3, flip},
    Command{"flip-no-more", "", 0, 0, stop_flipping},
    Command{"flip-from-outside", "FD FD [PAUSE_US] (the number, and the PID of who flips it)", 2, 3,
            flip_from_outside},
};

}  // namespace

bool leave_mounts() {
    if (geteuid() == 0) return unshare(CLONE_NEWNS) == 0;
    const std::string uid = std::to_string(geteuid());
    const std::string gid = std::to_string(getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", "0 " + uid + " 1") &&
           write_text("/proc/self/gid_map", "0 " + gid + " 1");
}

std::span<const Command> mount_commands() {
    return kCommands;
}

}  // namespace fd_maker
