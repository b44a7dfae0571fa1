#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace logfia {

/// Bytes that wait to be written, in blocks: what waits is never moved, however much it is, and a
/// backlog that empties now and then stays in its one block and allocates nothing.
class Backlog {
  public:
    static constexpr std::size_t kBlockSize = std::size_t{64} * 1024;

    /// Where whole records are to be appended; valid until the next call of any member. A block
    /// begins and ends with a record.
    std::string& tail();

    /// Bytes that wait.
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }

    /// The oldest bytes that wait, up to the end of their block; empty when nothing waits.
    [[nodiscard]] std::string_view front() const;

    /// Forgets the first `count` bytes of front().
    void consume(std::size_t count);

    void clear();

  private:
    std::deque<std::string> blocks_;
    std::string spare_;
    std::size_t consumed_ = 0;  ///< bytes of the first block
    std::size_t full_ = 0;      ///< bytes of all blocks but the last
};

}  // namespace logfia
