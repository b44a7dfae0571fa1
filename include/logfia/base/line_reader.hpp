#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace logfia {

/// Reads whole lines from files of procfs through one buffer that is reused from file to file. A
/// line that does not fit into the buffer is dropped and counted. So is a last line without a
/// newline: the kernel ends each row with one, so the line was cut.
class LineReader {
  public:
    static constexpr std::size_t kDefaultSize = std::size_t{64} * 1024;

    /// `size` in bytes, at least 1: the longest line, newline included.
    explicit LineReader(std::size_t size = kDefaultSize);

    /// Reads on from the current offset of `fd`, which is only borrowed, until the next start().
    void start(int fd);
    /// The next line without its newline, valid until the next call. Absent at the end of the file,
    /// and when reading failed.
    std::optional<std::string_view> next();

    /// True when the last start()ed file could not be read to its end.
    [[nodiscard]] bool failed() const { return failed_; }
    /// Lines of the last start()ed file that were too long or cut.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    bool fill();
    void finish();

    std::unique_ptr<char[]> buffer_;  ///< not zeroed: most files need a part of it
    std::size_t size_;
    std::size_t begin_ = 0;  ///< of the first line that has not been handed out
    std::size_t seen_ = 0;   ///< no newline between `begin_` and here
    std::size_t end_ = 0;
    int fd_ = -1;
    bool skipping_ = false;  ///< in the middle of a line that is too long
    bool failed_ = false;
    std::uint64_t dropped_ = 0;
};

}  // namespace logfia
