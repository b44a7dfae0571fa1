#include <logfia/output/name_queue.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

// Keeps `now + wait` far from overflow.
constexpr Duration kLongestWait = std::chrono::hours(24);
// Events whose memory is kept for the next ones.
constexpr std::size_t kKept = 64;

}  // namespace

NameQueue::NameQueue(Resolver* resolver, Duration wait)
    : resolver_(resolver), wait_(std::clamp(wait, Duration::zero(), kLongestWait)) {
    waiting_.reserve(kKept);
}

void NameQueue::push(Event&& event, SteadyTime now, NameNeed name) {
    HostAnswerRef host;
    std::uint64_t answers = 0;
    const Endpoint* peer = peer_of(event);
    if (resolver_ != nullptr && name != NameNeed::unwanted && peer != nullptr) {
        host = resolver_->lookup(peer->address, now);
        answers = resolver_->answers();
    }
    Waiting& last = waiting_.emplace_back();
    last.event = std::move(event);
    last.name = name;
    last.host = std::move(host);
    last.pushed = now;
    last.answers = answers;
}

bool NameQueue::ready(SteadyTime now) {
    if (empty()) return false;
    const Waiting& record = waiting_[first_];
    if (settled(record)) return true;
    if (now - record.pushed < wait_) return false;
    if (record.answers == resolver_->answers()) answers_when_gave_up_ = record.answers;
    return true;
}

std::string_view NameQueue::front_host() const {
    const HostAnswerRef& host = waiting_[first_].host;
    return host ? std::string_view(host->name) : std::string_view();
}

void NameQueue::pop() {
    waiting_[first_++] = {};  // frees the strings now, before the vector is compacted
    if (empty()) {
        waiting_.clear();
        first_ = 0;
        if (waiting_.capacity() > kKept) waiting_.shrink_to_fit();
    } else if (first_ > kKept && first_ > waiting_.size() / 2) {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

std::optional<SteadyTime> NameQueue::deadline() const {
    if (empty()) return std::nullopt;
    const Waiting& record = waiting_[first_];
    return settled(record) ? record.pushed : record.pushed + wait_;
}

/// True when waiting longer cannot change anything, or is not worth while.
bool NameQueue::settled(const Waiting& record) const {
    return record.host == nullptr || record.host->state != HostAnswer::State::pending ||
           answers_when_gave_up_ == resolver_->answers();
}

}  // namespace logfia
