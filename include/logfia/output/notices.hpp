#pragma once

#include <logfia/event/notice_sink.hpp>
#include <logfia/output/output.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logfia {

enum class Verbosity : std::uint8_t { normal, quiet };

/// Lines for a person, `logfia: TEXT`, on standard error. Never waits: lines that a stalled reader
/// does not take are kept, up to a bound, and written with a later call.
class Notices final : public NoticeSink {
  public:
    /// Bytes that are kept; further lines are counted, and the count is told later.
    static constexpr std::size_t kMaxPending = std::size_t{64} * 1024;

    /// `fd` stays the caller's and must stay open. If `fd` is closed from the start, nothing is
    /// written.
    explicit Notices(int fd, Verbosity verbosity = Verbosity::normal);

    /// Says one line, unless quiet. Bytes that could break it or spoof a terminal are escaped.
    void notice(std::string_view text) override;

    /// Says one line, also when quiet.
    void error(std::string_view text);

    /// Whole lines as they are, also when quiet.
    void write(std::string_view lines);

    /// Tries again to write what is kept. False when something still is, and may be written later.
    bool flush();
    /// The descriptor to poll meanwhile.
    [[nodiscard]] pollfd wanted() const { return output_ ? output_->wanted() : pollfd{-1, 0, 0}; }

    /// Bytes that are kept.
    [[nodiscard]] std::size_t pending() const { return output_ ? output_->backlog() : 0; }

  private:
    std::optional<Output> output_;
    Verbosity verbosity_;
    std::uint64_t dropped_ = 0;
};

}  // namespace logfia
