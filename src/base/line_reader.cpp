#include <logfia/base/line_reader.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace logfia {

LineReader::LineReader(std::size_t size)
    : buffer_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}

void LineReader::start(int fd) {
    fd_ = fd;
    begin_ = seen_ = end_ = 0;
    skipping_ = failed_ = false;
    dropped_ = 0;
}

std::optional<std::string_view> LineReader::next() {
    for (;;) {
        const auto* const found =
            static_cast<const char*>(std::memchr(buffer_.get() + seen_, '\n', end_ - seen_));
        if (found == nullptr) {
            seen_ = end_;
            if (!fill()) return std::nullopt;
            continue;
        }
        const auto newline = static_cast<std::size_t>(found - buffer_.get());
        const std::string_view line(buffer_.get() + begin_, newline - begin_);
        begin_ = seen_ = newline + 1;
        if (!skipping_) return line;
        skipping_ = false;
        ++dropped_;
    }
}

bool LineReader::fill() {
    if (fd_ < 0) return false;
    // The rest is part of one line: a few bytes, compared with the chunk that is read.
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    if (end_ == size_) {
        skipping_ = true;
        end_ = 0;
    }
    begin_ = 0;
    seen_ = end_;
    ssize_t count = 0;
    do {
        count = ::read(fd_, buffer_.get() + end_, size_ - end_);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        failed_ = count < 0;
        finish();
        return false;
    }
    end_ += static_cast<std::size_t>(count);
    return true;
}

void LineReader::finish() {
    if (skipping_ || end_ > 0) ++dropped_;
    fd_ = -1;
    begin_ = seen_ = end_ = 0;
    skipping_ = false;
}

}  // namespace logfia
