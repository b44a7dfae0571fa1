#include <logfia/output/outbox.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

// Keeps `now + wait` far from overflow.
constexpr Duration kLongestWait = std::chrono::hours(24);
// Of records whose memory is kept for the next ones.
constexpr std::size_t kKept = 256;

}  // namespace

Outbox::Outbox(Resolver* resolver, Duration wait)
    : resolver_(resolver), wait_(std::clamp(wait, Duration::zero(), kLongestWait)) {}

void Outbox::push(Event event, SteadyTime now, HostName name) {
    HostAnswerRef host;
    std::uint64_t answers = 0;
    const Endpoint* peer = peer_of(event);
    if (resolver_ != nullptr && name == HostName::wanted && peer != nullptr) {
        host = resolver_->lookup(peer->address, now);
        answers = resolver_->answers();
    }
    waiting_.push_back({std::move(event), std::move(host), now, answers});
}

std::size_t Outbox::drain(SteadyTime now, RecordWriter& writer, std::string& out) {
    std::size_t written = 0;
    for (; !empty() && ready(waiting_[first_], now); ++written) write_first(writer, out);
    tidy();
    return written;
}

std::size_t Outbox::drain_all(RecordWriter& writer, std::string& out) {
    const std::size_t written = size();
    while (!empty()) write_first(writer, out);
    tidy();
    return written;
}

std::optional<SteadyTime> Outbox::deadline() const {
    if (empty()) return std::nullopt;
    const Waiting& record = waiting_[first_];
    return settled(record) ? record.pushed : record.pushed + wait_;
}

// True when waiting longer can change nothing, or is not worth while.
bool Outbox::settled(const Waiting& record) const {
    return record.host == nullptr || record.host->state != HostAnswer::State::pending ||
           gave_up_at_ == resolver_->answers();
}

bool Outbox::ready(const Waiting& record, SteadyTime now) {
    if (settled(record)) return true;
    if (now - record.pushed < wait_) return false;
    if (record.answers == resolver_->answers()) gave_up_at_ = record.answers;
    return true;
}

void Outbox::write_first(RecordWriter& writer, std::string& out) {
    Waiting& record = waiting_[first_++];
    writer.append(out, record.event, record.host ? std::string_view(record.host->name) : "");
    record = {};  // its strings need not wait until the vector moves on
}

void Outbox::tidy() {
    if (empty()) {
        waiting_.clear();
        first_ = 0;
        if (waiting_.capacity() > kKept) waiting_.shrink_to_fit();
    } else if (first_ > kKept && first_ > waiting_.size() / 2) {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

}  // namespace logfia
