#include <logfia/output/output.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace logfia {
namespace {

/// Limits one flush: a reader that has caught up at last must not keep the loop from its next look.
constexpr std::size_t kMaxPerFlush = std::size_t{1024} * 1024;

Error error_of(std::string operation, std::string subject, int code, std::string advice = {}) {
    return {std::move(operation), std::move(subject), code, std::move(advice)};
}

/// Advice for somebody whose file could not be opened.
std::string advice_for(const std::string& path, int code) {
    if (code == EISDIR) return "name a file in it";
    if (code == ENOENT) return "its directory must exist";
    if (code != ENXIO) return {};
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    if (S_ISFIFO(status.st_mode)) return "nobody reads this FIFO: start its reader first";
    if (S_ISSOCK(status.st_mode)) return "it is a socket: records go to a file, a FIFO or a device";
    return {};
}

/// Opening the master of a pseudo-terminal makes another pseudo-terminal.
bool is_terminal_master(int fd) {
    unsigned number = 0;
    return ::ioctl(fd, TIOCGPTN, &number) == 0;
}

}  // namespace

Result<Output> Output::to_stdout() {
    return to_descriptor(STDOUT_FILENO, "standard output");
}

Result<Output> Output::to_file(const std::string& path) {
    // With O_NONBLOCK a FIFO without a reader fails at once; the description is ours alone.
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), kFlags, 0600));
    if (!fd) return error_of("open", path, errno, advice_for(path, errno));
    const int number = fd.get();
    return make(number, std::move(fd), path);
}

Result<Output> Output::to_descriptor(int fd, std::string name) {
    return make(fd, UniqueFd(), std::move(name));
}

Result<Output> Output::make(int fd, UniqueFd owned, std::string name) {
    struct stat status {};
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fstat(fd, &status) != 0) {
        return error_of("write", name, errno, "it is closed: give it a file or a pipe");
    }
    if ((flags & O_ACCMODE) == O_RDONLY) {
        return error_of("write", name, EBADF, "it is open for reading only");
    }
    Output output;
    output.name_ = std::move(name);
    output.fd_ = fd;
    output.owned_ = std::move(owned);
    output.terminal_ = ::isatty(fd) == 1;
    if (S_ISREG(status.st_mode)) {
        output.kind_ = Kind::regular;
    } else if (S_ISSOCK(status.st_mode)) {
        output.kind_ = Kind::socket;
    } else if (output.owned_) {
        output.kind_ = Kind::own;
    } else {
        output.kind_ = Kind::shared;
        if (S_ISFIFO(status.st_mode) || output.terminal_) output.reopen();
    }
    return output;
}

/// If this fails (no /proc, a pipe of another user, a pipe without a reader), the kind stays
/// `shared`.
void Output::reopen() {
    if (terminal_ && is_terminal_master(fd_)) return;
    const std::string path = fmt::format("/proc/self/fd/{}", fd_);
    UniqueFd own(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!own) return;
    owned_ = std::move(own);
    fd_ = owned_.get();
    kind_ = Kind::own;
}

WriteStatus Output::flush() {
    if (status_ != WriteStatus::done) {
        if (!backlog_.empty()) backlog_.clear();
        return status_;
    }
    std::size_t written = 0;
    while (!backlog_.empty()) {
        if (kind_ != Kind::regular && written >= kMaxPerFlush) return WriteStatus::pending;
        const std::string_view chunk = next_chunk();
        const ssize_t result = write_chunk(chunk);
        if (result < 0 && errno == EINTR) continue;
        if (result < 0 && errno == EAGAIN && kind_ != Kind::regular) return WriteStatus::pending;
        if (result <= 0) return stop(result == 0 ? EIO : errno);
        const auto count = static_cast<std::size_t>(result);
        note_written(chunk.substr(0, count), count < chunk.size());
        backlog_.consume(count);
        written += count;
    }
    return WriteStatus::done;
}

WriteStatus Output::finish() {
    const WriteStatus status = flush();
    if (status != WriteStatus::done || kind_ != Kind::regular) return status;
    const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) return stop(errno);
    return status;
}

/// Whole records of at most PIPE_BUF bytes together, which a pipe takes completely or not at all,
/// so that they stay whole beside other writers. A longer record is a chunk of its own.
std::string_view Output::next_chunk() const {
    const std::string_view bytes = backlog_.front();
    if (kind_ == Kind::regular || bytes.size() <= PIPE_BUF) return bytes;
    const auto last_end = bytes.substr(0, PIPE_BUF).rfind('\n');
    if (last_end != std::string_view::npos) return bytes.substr(0, last_end + 1);
    if (kind_ == Kind::shared) return bytes.substr(0, PIPE_BUF);
    return bytes.substr(0, std::min(bytes.find('\n', PIPE_BUF), bytes.size() - 1) + 1);
}

ssize_t Output::write_chunk(std::string_view chunk) const {
    switch (kind_) {
        case Kind::socket:
            return ::send(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        case Kind::shared:
            return write_if_ready(chunk);
        case Kind::regular:
        case Kind::own:
            break;
    }
    return ::write(fd_, chunk.data(), chunk.size());
}

/// After poll(2) a pipe has room for PIPE_BUF bytes, unless another writer was quicker: RWF_NOWAIT
/// closes that gap where the kernel knows it for this descriptor (pipes: since 6.4).
ssize_t Output::write_if_ready(std::string_view piece) const {
    pollfd ready{fd_, POLLOUT, 0};
    const int count = ::poll(&ready, 1, 0);
    if (count < 0) return -1;
    if (count == 0) {
        errno = EAGAIN;
        return -1;
    }
    const iovec vector{const_cast<char*>(piece.data()), piece.size()};
    const ssize_t written = ::pwritev2(fd_, &vector, 1, -1, RWF_NOWAIT);
    if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS)) return written;
    return ::write(fd_, piece.data(), piece.size());
}

void Output::note_written(std::string_view bytes, bool short_of_asked) {
    records_written_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    const auto last_end = bytes.rfind('\n');
    torn_ = last_end == std::string_view::npos ? torn_ + bytes.size() : bytes.size() - last_end - 1;
    if (kind_ == Kind::regular && short_of_asked) end_ = ::lseek(fd_, 0, SEEK_CUR);
}

WriteStatus Output::stop(int code) {
    // EIO comes from a terminal that was hung up.
    const bool gone = code == EPIPE || (kind_ == Kind::socket && code == ECONNRESET) ||
                      (terminal_ && code == EIO);
    if (!gone) {
        cut_torn_tail();
        error_ = error_of(
            "write", name_, code,
            fmt::format("{} record{} {} written", records_written_,
                        records_written_ == 1 ? "" : "s", records_written_ == 1 ? "was" : "were"));
    }
    status_ = gone ? WriteStatus::reader_gone : WriteStatus::failed;
    backlog_.clear();
    return status_;
}

/// A disk that fills up takes the first bytes of a record and then no more. The torn bytes are cut
/// off again, unless another program has written after them.
void Output::cut_torn_tail() {
    if (kind_ != Kind::regular || torn_ == 0) return;
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || status.st_size != end_) return;
    const off_t whole = end_ - static_cast<off_t>(torn_);
    // The position may be shared with a command that writes on: it must not leave a hole.
    if (::ftruncate(fd_, whole) == 0) ::lseek(fd_, whole, SEEK_SET);
    torn_ = 0;
}

pollfd Output::wanted() const {
    const bool poll_tells = kind_ != Kind::regular && status_ == WriteStatus::done;
    return {poll_tells ? fd_ : -1, static_cast<short>(backlog_.empty() ? 0 : POLLOUT), 0};
}

bool Output::reader_gone(short revents) const {
    return kind_ != Kind::regular && (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

std::size_t terminal_width(int fd) {
    winsize size{};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace logfia
