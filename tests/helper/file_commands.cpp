#include "command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace fd_maker {
namespace {

struct FlagName {
    std::string_view name;
    int flags;
};

constexpr std::array kFlagNames{
    FlagName{"r", O_RDONLY},          FlagName{"w", O_WRONLY},
    FlagName{"rw", O_RDWR},           FlagName{"path", O_PATH},
    FlagName{"dir", O_DIRECTORY},     FlagName{"create", O_CREAT},
    FlagName{"trunc", O_TRUNC},       FlagName{"append", O_APPEND},
    FlagName{"nonblock", O_NONBLOCK}, FlagName{"cloexec", O_CLOEXEC},
    FlagName{"direct", O_DIRECT},     FlagName{"sync", O_SYNC},
    FlagName{"dsync", O_DSYNC},       FlagName{"noatime", O_NOATIME},
    FlagName{"nofollow", O_NOFOLLOW}, FlagName{"tmpfile", O_TMPFILE},
};

int flags_from(const Words& words, std::size_t first) {
    int flags = O_NOCTTY;
    for (std::size_t i = first; i < words.size(); ++i) {
        const auto* known =
            std::find_if(kFlagNames.begin(), kFlagNames.end(),
                         [&](const FlagName& candidate) { return candidate.name == words[i]; });
        if (known == kFlagNames.end()) throw std::invalid_argument("unknown flag " + words[i]);
        flags |= known->flags;
    }
    return flags;
}

Reply done(int result) {
    return result < 0 ? failed() : ok();
}

Reply open_file(const Words& words) {
    return opened(open(words[1].c_str(), flags_from(words, 2), 0600));
}

Reply close_range_of(const Words& words) {
    const int first = descriptor(words[1]);
    const int last = descriptor(word_or(words, 2, words[1]));
    if (first == last) return done(close(first));
    return done(close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0));
}

Reply dup_fd(const Words& words) {
    const int from = descriptor(words[1]);
    return opened(words.size() > 2 ? dup2(from, descriptor(words[2])) : dup(from));
}

/// The number is never free: every look sees one file or the other. (For some microseconds the new
/// file is open at a second number as well.)
Reply reopen(const Words& words) {
    const int other = open(words[2].c_str(), flags_from(words, 3), 0600);
    if (other < 0) return failed();
    const Reply reply = opened(dup2(other, descriptor(words[1])));
    close(other);
    return reply;
}

Reply make_fifo(const Words& words) {
    if (mkfifo(words[1].c_str(), 0600) < 0 && errno != EEXIST) return failed();
    return opened(open(words[1].c_str(), O_RDWR));
}

Reply make_pipe(const Words& words) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), flags_from(words, 1) & ~O_NOCTTY) < 0) return failed();
    return ok({ends[0], ends[1]});
}

Reply open_link(const Words& words) {
    return opened(open(words[1].c_str(), O_PATH | O_NOFOLLOW));
}

Reply open_block(const Words& words) {
    return opened(open(words[1].c_str(), O_RDONLY | O_NONBLOCK));
}

Reply open_tty(const Words&) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    std::array<char, 64> name{};
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
        ptsname_r(master, name.data(), name.size()) != 0)
        return failed();
    const int slave = open(name.data(), O_RDWR | O_NOCTTY);
    return slave < 0 ? failed() : ok({slave, master});
}

Reply write_bytes(const Words& words) {
    const std::string bytes(static_cast<std::size_t>(number(words[2])), 'x');
    return opened(static_cast<int>(write(descriptor(words[1]), bytes.data(), bytes.size())));
}

Reply write_text(const Words& words) {
    return done(static_cast<int>(write(descriptor(words[1]), words[2].data(), words[2].size())));
}

Reply rename_file(const Words& words) {
    return done(rename(words[1].c_str(), words[2].c_str()));
}
Reply link_file(const Words& words) {
    return done(link(words[1].c_str(), words[2].c_str()));
}
Reply symlink_file(const Words& words) {
    return done(symlink(words[1].c_str(), words[2].c_str()));
}
Reply unlink_file(const Words& words) {
    return done(unlink(words[1].c_str()));
}
Reply make_directory(const Words& words) {
    return done(mkdir(words[1].c_str(), 0700));
}

constexpr std::array kCommands{
    Command{"open", "PATH [r|w|rw|path|dir|create|append|…]…", 1, kAnyNumber, open_file},
    Command{"close", "FD [LAST]", 1, 2, close_range_of},
    Command{"dup", "FD [TO]", 1, 2, dup_fd},
    Command{"reopen", "FD PATH [FLAG]…", 2, kAnyNumber, reopen},
    Command{"mkfifo", "PATH", 1, 1, make_fifo},
    Command{"pipe", "[nonblock|cloexec|direct]…", 0, 3, make_pipe},
    Command{"symlink", "PATH (opens the link itself)", 1, 1, open_link},
    Command{"block", "PATH", 1, 1, open_block},
    Command{"tty", "(SLAVE MASTER)", 0, 0, open_tty},
    Command{"write", "FD COUNT", 2, 2, write_bytes},
    Command{"write-text", "FD TEXT", 2, 2, write_text},
    Command{"rename", "FROM TO", 2, 2, rename_file},
    Command{"link", "FROM TO", 2, 2, link_file},
    Command{"make-symlink", "TARGET PATH", 2, 2, symlink_file},
    Command{"unlink", "PATH", 1, 1, unlink_file},
    Command{"mkdir", "PATH", 1, 1, make_directory},
};

}  // namespace

std::span<const Command> file_commands() {
    return kCommands;
}

}  // namespace fd_maker
