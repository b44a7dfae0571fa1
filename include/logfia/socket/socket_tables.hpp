#pragma once

#include <logfia/base/line_reader.hpp>
#include <logfia/event/event.hpp>
#include <logfia/procfs/socket_table.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace logfia {

/// A socket that the caller wants to know more about.
struct WantedSocket {
    std::uint64_t inode = 0;
    /// The type according to the kernel's hint (see socket_type_hint); `socket` or `unknown`: no
    /// hint.
    FdType hint = FdType::socket;
    /// The description so far: the answer is the same one when the row says no more.
    std::shared_ptr<const SocketInfo> known{};

    // The answer, set by resolve().
    FdType type = FdType::socket;            ///< the type that was found; the hint when not found
    std::shared_ptr<const SocketInfo> info;  ///< null when not found, or when two rows disagree
    bool found = false;
    bool looked = false;  ///< the tables that could hold it were read to their end, or it was found
};

/// Finds sockets in the tables of a network namespace. Memory is kept, so that a lookup which wants
/// no more than the one before and finds nothing allocates nothing.
///
/// An unconnected TCP socket and an unbound UDP socket are in no table. Reading a TCP table costs 1
/// ms and more: a caller that asks again for sockets that were not found should do so with growing
/// pauses.
class SocketTables {
  public:
    /// Reads `net/tcp` and the other tables below `proc_dir_fd`, the directory `/proc/N` of a
    /// process in the namespace (or `/proc/N/task/T`, if the first thread is gone). Each table is
    /// read at most once, and only if it can hold a socket that has not been found yet. A table
    /// that the kernel does not have counts as read.
    ///
    /// An inode may be wanted twice; the answers share one SocketInfo.
    void resolve(int proc_dir_fd, std::span<WantedSocket> wanted);

    [[nodiscard]] std::uint64_t tables_read() const { return tables_read_; }
    /// Rows that were read; headings do not count.
    [[nodiscard]] std::uint64_t rows_seen() const { return rows_seen_; }
    /// Rows that were malformed or cut. A newline in a unix socket's path makes one.
    [[nodiscard]] std::uint64_t rows_skipped() const { return rows_skipped_; }

  private:
    enum class Outcome : std::uint8_t { unread, read, missing, failed };
    enum class Search : std::uint8_t { likely, all };
    struct Key {
        std::uint64_t inode = 0;
        std::size_t index = 0;  ///< in the span
    };

    static bool holds(SocketTable table, FdType hint, Search search);
    void index(std::span<WantedSocket> wanted);
    void read_tables(int net_fd, Search search, std::span<WantedSocket> wanted);
    Outcome read_table(int net_fd, SocketTable table, std::span<WantedSocket> wanted);
    void scan(SocketTable table, std::span<WantedSocket> wanted);
    std::size_t match_row(SocketTable table, std::string_view row, std::span<WantedSocket> wanted);
    std::size_t answer(SocketTable table, SocketRow row, std::span<WantedSocket> wanted);
    void skip_row(std::string_view line);
    [[nodiscard]] bool looked_for(FdType hint) const;

    LineReader reader_;
    std::vector<Key> keys_;  ///< ascending inodes
    std::array<Outcome, kSocketTableCount> outcomes_{};
    std::shared_ptr<SocketInfo> last_unix_;  ///< of the row before, when it answered somebody
    std::uint64_t tables_read_ = 0;
    std::uint64_t rows_seen_ = 0;
    std::uint64_t rows_skipped_ = 0;
};

}  // namespace logfia
