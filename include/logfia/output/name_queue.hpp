#pragma once

#include <logfia/event/event.hpp>
#include <logfia/net/resolver.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// Why the host name of an event's peer is needed.
enum class NameNeed : std::uint8_t {
    unwanted,
    wanted,   ///< the record shows the name
    decides,  ///< a filter has yet to decide by it whether the event passes
};

/// Keeps Events in order while the names of their peers are looked up. An event waits at most
/// `wait` from its push, and the events behind it wait with it, so that a hundred dead peers cost
/// one wait.
///
/// When a wait has run out and no server has answered anything meanwhile, later events do not wait
/// until a server answers again: names that are known or come in time are still used.
class NameQueue {
  public:
    /// `resolver` must outlive this; null: nothing is looked up. A `wait` of 0 never waits.
    NameQueue(Resolver* resolver, Duration wait);

    /// Starts the look-up of the peer, if there is one and its name is wanted.
    void push(Event&& event, SteadyTime now, NameNeed name = NameNeed::wanted);

    /// True when the first event need not wait any more. Call Resolver::process before, so that an
    /// answer that is there is seen.
    [[nodiscard]] bool ready(SteadyTime now);

    /// The first event, whether it is ready or not. Of a queue that is not empty.
    [[nodiscard]] const Event& front() const { return waiting_[first_].event; }
    [[nodiscard]] NameNeed front_name() const { return waiting_[first_].name; }
    /// The name of its peer with its last dot; empty: none is known (yet).
    [[nodiscard]] std::string_view front_host() const;
    void pop();

    /// When ready() is true at the latest; nothing when this is empty. In the past when it is true
    /// already.
    [[nodiscard]] std::optional<SteadyTime> deadline() const;
    [[nodiscard]] bool empty() const { return first_ == waiting_.size(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size() - first_; }

  private:
    struct Waiting {
        Event event;
        NameNeed name = NameNeed::wanted;
        HostAnswerRef host;  ///< null: needs none
        SteadyTime pushed;
        std::uint64_t answers = 0;  ///< Resolver::answers when it was pushed
    };

    [[nodiscard]] bool settled(const Waiting& record) const;

    Resolver* resolver_;
    Duration wait_;
    /// A vector that is emptied from its front, since it is mostly filled and emptied in one go:
    /// its memory is used again.
    std::vector<Waiting> waiting_;
    std::size_t first_ = 0;
    /// Resolver::answers when a wait was in vain: until that number grows, nothing waits.
    std::optional<std::uint64_t> answers_when_gave_up_;
};

}  // namespace logfia
