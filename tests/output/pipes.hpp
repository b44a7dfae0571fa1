#pragma once

#include <logfia/base/unique_fd.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace logfia::test {

constexpr int kDeadlineMs = 10'000;

struct Ends {
    UniqueFd read;
    UniqueFd write;
};

/// The smallest pipe there is; its write end blocks, as an inherited one does.
inline Ends make_pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_GT(::fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

inline Ends make_socket_pair(int type) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Reads what can be had without waiting, at most `most` bytes.
inline std::string read_now(int fd, std::size_t most = 1 << 20) {
    std::string text;
    char bytes[4096];
    pollfd readable{fd, POLLIN, 0};
    while (text.size() < most && ::poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN)) {
        const ssize_t n = ::read(fd, bytes, std::min(sizeof bytes, most - text.size()));
        if (n <= 0) break;
        text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
}

inline std::string file_text(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char bytes[4096];
    for (ssize_t n = 0; (n = ::read(fd.get(), bytes, sizeof bytes)) > 0;) {
        text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
}

}  // namespace logfia::test
