#pragma once

#include <logfia/event/event.hpp>
#include <logfia/net/resolver.hpp>
#include <logfia/output/record_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logfia {

enum class HostName : std::uint8_t { wanted, unwanted };

/// Keeps Events in order while the name of a peer is looked up. One waits at most `wait` from its
/// push; what stands behind it waits with it, so that a hundred dead peers cost one wait.
///
/// When a wait has run out and no server has answered anything meanwhile, no more is waited until
/// one does: names that are known or come in time are still used.
class Outbox {
  public:
    /// `resolver` must outlive this; null: nothing is looked up. A `wait` of 0 never waits.
    Outbox(Resolver* resolver, Duration wait);

    /// Starts the look-up of the peer, if there is one and its name is wanted.
    void push(Event event, SteadyTime now, HostName name = HostName::wanted);

    /// Appends to `out` what need not wait, from the front; returns how many records. Call
    /// Resolver::process before, so that an answer that is there is seen.
    std::size_t drain(SteadyTime now, RecordWriter& writer, std::string& out);

    /// The same, for all that is left: nothing waits any more.
    std::size_t drain_all(RecordWriter& writer, std::string& out);

    /// When drain has something to do at the latest; nothing when this is empty. In the past when
    /// it has already.
    [[nodiscard]] std::optional<SteadyTime> deadline() const;
    [[nodiscard]] bool empty() const { return first_ == waiting_.size(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size() - first_; }

  private:
    struct Waiting {
        Event event;
        HostAnswerRef host;  ///< null: needs none
        SteadyTime pushed;
        std::uint64_t answers = 0;  ///< Resolver::answers when it was pushed
    };

    [[nodiscard]] bool settled(const Waiting& record) const;
    bool ready(const Waiting& record, SteadyTime now);
    void write_first(RecordWriter& writer, std::string& out);
    void tidy();

    Resolver* resolver_;
    Duration wait_;
    /// A vector that is emptied from its front, since it is mostly filled and emptied in one go:
    /// its memory is used again.
    std::vector<Waiting> waiting_;
    std::size_t first_ = 0;
    /// Resolver::answers when a wait was in vain: until it grows, nothing waits.
    std::optional<std::uint64_t> gave_up_at_;
};

}  // namespace logfia
