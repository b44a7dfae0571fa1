#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/output/backlog.hpp>

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

enum class WriteStatus : std::uint8_t {
    done,         ///< nothing waits any more
    pending,      ///< the descriptor takes no more for now: wait for wanted(), then flush() again
    reader_gone,  ///< nobody will ever read: an end, not an error
    failed,       ///< error() says why
};

/// Writes whole records, each ended by its newline, to one descriptor, in order, and never waits
/// for a reader. A regular file is written through.
///
/// The process must ignore SIGPIPE and SIGXFSZ; their errors are handled here. After `reader_gone`
/// or `failed` nothing more is written, and flush() says the same again.
class Output {
  public:
    /// Sources pause while more bytes than these wait. A soft bound: one look is written whole.
    static constexpr std::size_t kMaxBacklog = std::size_t{64} * 1024 * 1024;

    /// Standard output, as it was inherited: its file status flags, which are shared with the shell
    /// and the command, are never changed. An Error when it is closed or only open for reading.
    static Result<Output> to_stdout();

    /// Appends to a file that is created 0600. A FIFO without a reader is an Error, as is all that
    /// open(2) refuses.
    static Result<Output> to_file(const std::string& path);

    /// `fd` stays the caller's and must stay open; `name` is what errors call it.
    static Result<Output> to_descriptor(int fd, std::string name);

    /// Where a writer appends whole records; good until the next call of any other member.
    std::string& buffer() { return backlog_.tail(); }
    void append_records(std::string_view whole_records) { backlog_.tail() += whole_records; }

    /// Writes what waits, as far as that can be done now.
    WriteStatus flush();

    /// The last flush(). Some filesystems (NFS, quotas) report only at close(2) that they could not
    /// keep what they had taken.
    WriteStatus finish();

    /// Why flush() said `failed`, with the number of records that were written.
    [[nodiscard]] const Error& error() const { return error_; }

    /// Bytes that wait.
    [[nodiscard]] std::size_t backlog() const { return backlog_.size(); }

    /// The events to poll for: POLLOUT while something waits; otherwise no events, since a reader
    /// that goes away is reported anyway. The descriptor is -1, which poll(2) ignores, when there
    /// is nothing to learn.
    [[nodiscard]] pollfd wanted() const;

    /// Whether what poll(2) returned for wanted() means that nobody reads any more.
    [[nodiscard]] bool reader_gone(short revents) const;

    /// Records that reached the descriptor whole.
    [[nodiscard]] std::uint64_t records_written() const { return records_written_; }

    /// The descriptor, which stays ours; -1 when it is no terminal.
    [[nodiscard]] int terminal() const { return terminal_ ? fd_ : -1; }

  private:
    enum class Kind : std::uint8_t {
        regular,  ///< written through
        own,      ///< a pipe or terminal through an open file description of our own: O_NONBLOCK
        shared,   ///< a pipe or terminal that could not be opened again, so that its open file
                  ///< description is the inherited one; and other devices
        socket,
    };

    Output() = default;
    static Result<Output> make(int fd, UniqueFd owned, std::string name);
    void reopen();
    [[nodiscard]] std::string_view next_chunk() const;
    ssize_t write_chunk(std::string_view chunk) const;
    ssize_t write_if_ready(std::string_view piece) const;
    void note_written(std::string_view bytes, bool short_of_asked);
    WriteStatus stop(int code);
    void cut_torn_tail();

    int fd_ = -1;
    UniqueFd owned_;  ///< fd_, when it is ours
    Kind kind_ = Kind::regular;
    bool terminal_ = false;
    WriteStatus status_ = WriteStatus::done;  ///< `reader_gone` and `failed` stay
    std::string name_;
    Error error_;
    Backlog backlog_;
    std::uint64_t records_written_ = 0;
    std::size_t torn_ = 0;  ///< bytes of a record that was begun and not ended
    off_t end_ = -1;        ///< regular: where the last short write ended
};

/// Columns of the terminal (tty_ioctl(4)); 0 when `fd` is none or does not know.
std::size_t terminal_width(int fd);

}  // namespace logfia
