#include "support/stalled_reader.hpp"

#include "support/watching.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace logfia::test {

StalledReader::StalledReader() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) < 0) throw std::runtime_error("pipe2");
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    capacity_ = fcntl(read_.get(), F_SETPIPE_SZ, 4096);
    fcntl(read_.get(), F_SETFL, O_NONBLOCK);
}

bool StalledReader::has_some() const {
    return eventually([this] {
        int bytes = 0;
        return ioctl(read_.get(), FIONREAD, &bytes) == 0 && bytes > 0;
    });
}

void StalledReader::leave() {
    read_.reset();
    write_.reset();
}

std::string StalledReader::read_all() {
    write_.reset();
    std::string text;
    std::array<char, 65536> chunk{};
    for (;;) {
        pollfd ready{read_.get(), POLLIN, 0};
        if (poll(&ready, 1, static_cast<int>(kPatience.count())) <= 0) return text;
        const ssize_t got = read(read_.get(), chunk.data(), chunk.size());
        if (got <= 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace logfia::test
